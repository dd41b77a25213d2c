/**
 * Decides which request starts next. In each turn of the event loop the first requests of a caller start at once.
 * Its other requests wait for later turns, in order. However many requests one caller sends at once, another caller
 * waits behind only a few of them.
 */
export interface Entry {
  /**
   * Calls `enter` now or in one of the next turns. Returns false, without a call, if too many requests of the
   * caller wait.
   */
  come(callerId: string, enter: () => void): boolean;
  /** Number of requests that wait for their turn. */
  waiting(): number;
}

export interface EntryLimits {
  /** Maximum number of requests of one caller that start in one turn. */
  readonly perTurn: number;
  /** Maximum number of waiting requests of one caller. Further requests are refused. */
  readonly waitingPerCallerMax: number;
}

export function createEntry({ perTurn, waitingPerCallerMax }: EntryLimits): Entry {
  /** Number of requests that started in this turn, by caller. */
  const entered = new Map<string, number>();
  const queues = new Map<string, (() => void)[]>();
  let waiting = 0;
  let scheduled = false;

  const nextTurn = (): void => {
    scheduled = false;
    entered.clear();
    for (const [callerId, queue] of [...queues]) {
      const now = queue.splice(0, perTurn);
      if (queue.length === 0) queues.delete(callerId);
      waiting -= now.length;
      entered.set(callerId, now.length);
      for (const enter of now) enter();
    }
    if (entered.size > 0) schedule();
  };

  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(nextTurn);
  };

  return {
    come(callerId, enter) {
      schedule();
      const count = entered.get(callerId) ?? 0;
      const queue = queues.get(callerId);
      if (count < perTurn && queue === undefined) {
        entered.set(callerId, count + 1);
        enter();
        return true;
      }
      if (queue === undefined) queues.set(callerId, [enter]);
      else if (queue.length >= waitingPerCallerMax) return false;
      else queue.push(enter);
      waiting++;
      return true;
    },
    waiting: () => waiting,
  };
}
