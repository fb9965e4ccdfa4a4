/** The package brings no types. It returns a stream of Node's first kind, which works inside `write` and `end`. */
declare module "unbzip2-stream" {
  export default function unbzip2Stream(): NodeJS.ReadWriteStream;
}
