/** One at a time, in the order of coming, and not more than a few in the queue. */
export interface Turns {
  /** Runs `act` when those before it are done; undefined at once when too many are waiting. */
  take<Result>(act: () => Promise<Result>): Promise<Result> | undefined;
  /** Resolves when nobody is at it or waiting any more, also of those who came meanwhile. */
  idle(): Promise<void>;
}

/** `waitingMax`: how many may wait, besides the one whose turn it is. */
export function createTurns(waitingMax: number): Turns {
  let last: Promise<unknown> = Promise.resolve();
  let present = 0;
  return {
    take<Result>(act: () => Promise<Result>): Promise<Result> | undefined {
      if (present > waitingMax) return undefined;
      present += 1;
      const turn = last.then(act).finally(() => {
        present -= 1;
      });
      last = turn.catch(() => undefined);
      return turn;
    },
    async idle(): Promise<void> {
      for (let awaited: Promise<unknown> | undefined; awaited !== last; ) {
        awaited = last;
        await awaited;
      }
    },
  };
}
