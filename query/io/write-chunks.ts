import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/**
 * Writes text as fast as `target` takes it and leaves it open. Resolves quietly when whoever reads has closed
 * the pipe (`| head`): that is how people say they have seen enough. Whichever way it ends, `chunks` has then
 * ended too, and has released what it held.
 */
export async function writeChunks(
  chunks: AsyncGenerator<string, void, undefined>,
  target: NodeJS.WritableStream,
  signal: AbortSignal,
): Promise<"written" | "closed"> {
  try {
    await pipeline(Readable.from(chunks, { objectMode: true, highWaterMark: 1 }), target, {
      end: false,
      signal,
    });
    return "written";
  } catch (error) {
    if (isClosedPipe(error)) return "closed";
    throw error;
  } finally {
    // The pipeline does not wait for a generator that is at work.
    await chunks.return();
  }
}

function isClosedPipe(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EPIPE";
}
