import type Cluster from 'kafkajs/src/cluster/index.js';

const TRIES_MAX = 8;
const DELAY_MS = 250;

/**
 * Repeats a query while leaders move. They move after the creation of a topic or during the restart of a broker.
 * Throws the last error.
 */
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
      // While a broker is down, the refresh fails like the query. The next round reports it.
      await cluster.refreshMetadata().catch(() => undefined);
    }
  }
}
