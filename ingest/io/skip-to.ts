/** Leaves out the first `offset` bytes of a stream, and cuts chunks of more than `chunkBytesMax`. */
export async function* skipTo(
  offset: number,
  chunks: AsyncIterable<Uint8Array>,
  chunkBytesMax = Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array> {
  let left = offset;
  for await (const chunk of chunks) {
    for (let at = Math.min(left, chunk.length); at < chunk.length; at += chunkBytesMax) {
      yield chunk.subarray(at, at + chunkBytesMax);
    }
    left = Math.max(0, left - chunk.length);
  }
}
