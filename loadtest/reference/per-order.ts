/**
 * The usual design, carefully written. It runs one transaction per order, with an outbox row, over several
 * connections.
 *
 * The bench favours this design: it decodes nothing and sends no events. The relay only deletes outbox rows, 500 at a
 * time on its own connection. The bench omits its SELECT and its sends.
 */
import type { Rules } from '../../services/domain/index.ts';
import { bundledCodecs } from '../../services/shared/codec/index.ts';
import { COMMANDS } from '../../topics/catalogue.ts';
import { PARTITIONS } from '../../topics/partition.ts';
import type { Claimed, Subject, SubjectDeps } from '../store/subject.ts';
import { type Connection, connect } from './connect.ts';
import { type Place, persistOrder } from './order-transaction.ts';
import { readRules } from './price-rules.ts';
import { createRelay, type Relay } from './relay.ts';

const insertOutbox =
  'INSERT INTO outbox (topic,partition_id,from_offset,to_offset,epoch,messages) VALUES (?,?,?,?,?,?)';
const codec = bundledCodecs({ commandsId: 1, eventsId: 2 }).events;

export function createPerOrder({ url, stream, meter, connections, from }: SubjectDeps): Subject {
  const next = [...from];
  let turn = 0;
  let stopping = false;
  let workers: Promise<void>[] = [];
  let relay: Relay;
  let rules: Rules;

  /** Takes the next order: the lanes in turn, each in offset order. */
  const take = (): Place => {
    const partition = turn++ % PARTITIONS;
    return { partition, offset: next[partition]!++ };
  };

  const work = async (connection: Connection): Promise<void> => {
    while (!stopping) {
      const place = take();
      const { partition, offset } = place;
      const startedMs = performance.now();
      const command = stream.command(partition, offset);
      await persistOrder(connection, {
        codec,
        command,
        place,
        rules,
        keep: (event) =>
          connection.execute(insertOutbox, [COMMANDS, partition, offset, offset + 1, 1, event]),
      });
      meter.transaction(performance.now() - startedMs, 1);
      relay.committed(partition, offset);
    }
    await connection.end();
  };

  return {
    async start() {
      relay = createRelay(await connect(url), COMMANDS);
      rules = await readRules(url);
      const opened = await Promise.all(Array.from({ length: connections }, () => connect(url)));
      workers = opened.map(work);
      // Reported by `stop`; until then a rejection must not end the process.
      for (const worker of workers) worker.catch(() => undefined);
    },
    async stop(): Promise<Claimed> {
      stopping = true;
      await Promise.all(workers);
      return { to: next, outcomes: await relay.finish() };
    },
  };
}
