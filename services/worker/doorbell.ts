/** Wakes one waiting loop. Rings while nobody waits are remembered until `reset`. */
export interface Doorbell {
  ring(): void;
  /** Forgets earlier rings; called before looking for work, so that no ring after the look is missed. */
  reset(): void;
  /** Resolves at the next ring, at once if it rang since `reset`, or after `timeoutMs`. */
  wait(timeoutMs: number): Promise<void>;
  readonly rung: boolean;
}

export function createDoorbell(): Doorbell {
  let rung = false;
  let answer: (() => void) | null = null;
  return {
    ring() {
      rung = true;
      if (answer === null) return;
      // One turn of the event loop gathers what arrives together, a whole fetch response for example.
      setImmediate(answer);
      answer = null;
    },
    reset() {
      rung = false;
    },
    wait(timeoutMs) {
      if (rung) return Promise.resolve();
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          answer = null;
          resolve();
        }, timeoutMs);
        answer = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    },
    get rung() {
      return rung;
    },
  };
}
