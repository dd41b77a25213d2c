import type Cluster from 'kafkajs/src/cluster/index.js';

const TRIES_MAX = 8;
const DELAY_MS = 250;

/** Asks again while leaders move, as those of a topic that was just made do, or a broker comes back. Throws the last error. */
export async function askAgain<T>(
  cluster: Pick<InstanceType<typeof Cluster>, 'refreshMetadata'>,
  ask: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      if (attempt >= TRIES_MAX || (error as { retriable?: boolean }).retriable !== true) throw error;
      await new Promise((resolve) => setTimeout(resolve, DELAY_MS));
      // The refresh fails like the question did while a broker is away; the next round says so.
      await cluster.refreshMetadata().catch(() => undefined);
    }
  }
}
