import { Presets, SingleBar } from "cli-progress";
import type { Context } from "./context.ts";

/** Tells that so many more are done. */
export type Count = (more: number) => void;

/** Runs `act` under a bar of so many things, where standard error is a terminal. */
export async function withCountBar<Result>(
  { stderr }: Pick<Context, "stderr">,
  total: number,
  what: string,
  act: (count: Count) => Promise<Result>,
): Promise<Result> {
  if (!("isTTY" in stderr) || stderr.isTTY !== true || total === 0) return act(() => undefined);
  const bar = new SingleBar(
    {
      stream: stderr,
      format: `{bar} {value} of {total} ${what}`,
      hideCursor: true,
      clearOnComplete: true,
      fps: 5,
    },
    Presets.shades_classic,
  );
  bar.start(total, 0);
  try {
    return await act((more) => bar.increment(more));
  } finally {
    bar.stop();
  }
}
