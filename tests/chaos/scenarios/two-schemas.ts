/**
 * A worker that knows only the version before of the commands, beside the current one. Its lanes wait at the first command
 * of the newest version. It misreads none, and a current worker continues there.
 */
import { execFileSync } from 'node:child_process';
import {
  COMMANDS_SUBJECT,
  newestSchema,
  type OrderCommand,
  schemaCatalogue,
} from '../../../schemas/index.ts';
import { type Codec, createCodec, createReaders } from '../../../services/shared/codec/codec.ts';
import { CHECKSUM_HEADER, checksumOf, listSchemas } from '../../../services/shared/codec/index.ts';
import { commandShape } from '../../../services/shared/codec/shapes.ts';
import { partitionOfOrder } from '../../../topics/index.ts';
import { newOrderOf, placeCommand } from '../../support/arena/load.ts';
import { confirmCommand } from '../../support/arena/money-commands.ts';
import { layOutOlderBuild } from '../../support/arena/processes/older-build.ts';
import { audit } from '../../support/arena/reading/audit.ts';
import { readOutcomes } from '../../support/arena/reading/outcomes.ts';
import { readWaits } from '../../support/arena/reading/waits.ts';
import { until } from '../../support/until.ts';
import { type ChaosArena, plentySkus, type Sibling } from '../chaos-arena.ts';
import type { Figures } from '../figures.ts';

const lanes = 12;
const ordersOfLane = 5;
const total = 250;

export async function twoSchemas({ sibling }: ChaosArena): Promise<Figures> {
  const older = layOutOlderBuild(commitBeforeNewestSchema());
  const where = await sibling(new Map(plentySkus.map((sku) => [sku, 1_000_000])));
  const problems: string[] = [];
  try {
    const oldCodec = await codecOfVersionBefore(where);
    const orders = Array.from({ length: lanes * ordersOfLane }, (_, n) => newOrderOf(n % lanes));
    const old = await where.arena.startWorker({}, older.entry);
    for (const [n, orderId] of orders.entries()) {
      await sendWith(where, oldCodec, placeCommand(orderId, [plentySkus[n % plentySkus.length]!]));
    }
    await where.arena.quiesce();
    const { decided: before } = await where.arena.progress();

    const paid = await Promise.all(
      orders.map((orderId) => where.producer.send(confirmCommand(orderId, orderId, total))),
    );
    await until(async () => (await readWaits(where.arena)).length === lanes, {
      what: 'every lane of the older worker waiting',
      deadlineMs: 60_000,
    });
    const { decided: waiting } = await where.arena.progress();
    if (waiting !== before) problems.push(`the older worker decided ${waiting - before} newer commands`);
    const whys = new Set((await readWaits(where.arena)).map(({ why }) => why.replaceAll(/\d+/g, 'n')));

    // Side by side: the lanes of the current worker continue. The others continue after the older worker has left.
    const current = await where.arena.startWorker();
    await until(async () => (await where.arena.progress()).decided > waiting, {
      what: 'the current worker deciding newer commands beside the older one',
      deadlineMs: 60_000,
    });
    await old.stop();
    await where.arena.quiesce();
    const outcomes = await readOutcomes(where.arena);
    const unpaid = paid.filter(({ partition, offset }) => {
      const event = outcomes.get(`${partition}-${offset}`);
      return event?.outcome !== 'APPLIED' || event.status !== 'PAID';
    });
    if (unpaid.length > 0)
      problems.push(`${unpaid.length} of ${paid.length} payments did not pay their order`);
    problems.push(...(await audit(where.arena, where.producer.history)).findings);
    await current.stop();
    return { seen: { older: older.commit, orders: orders.length, waits: [...whys] }, problems };
  } finally {
    await where.close(problems.length === 0);
    older.remove();
  }
}

/** The parent of the commit that added the newest version of the commands. */
function commitBeforeNewestSchema(): string {
  const { path } = newestSchema(COMMANDS_SUBJECT);
  const added = execFileSync('git', ['log', '-1', '--diff-filter=A', '--format=%H', '--', path], {
    encoding: 'utf8',
  }).trim();
  if (added === '') throw new Error(`the history does not have the commit that added ${path}`);
  return `${added}^`;
}

/** Writes commands as ingestion of the version before did. */
async function codecOfVersionBefore({ arena }: Sibling): Promise<Codec<OrderCommand>> {
  const version = newestSchema(COMMANDS_SUBJECT).version - 1;
  const registered = await listSchemas({ registryUrl: arena.options.schemaRegistryUrl });
  const report = registered.find((each) => each.subject === COMMANDS_SUBJECT && each.version === version);
  const entry = schemaCatalogue.find((each) => each.subject === COMMANDS_SUBJECT && each.version === version);
  const schemaId = report!.schemaId!;
  const readers = createReaders(entry!.schema, schemaId);
  return createCodec({
    readers,
    shape: commandShape(readers.type),
    schemaId,
    resolveSchema: async () => 'missing',
  });
}

async function sendWith({ producer }: Sibling, codec: Codec<OrderCommand>, command: OrderCommand) {
  const value = codec.encode(command);
  const orderId = command.orderId!;
  await producer.sendRaw({
    partition: partitionOfOrder(orderId),
    key: Buffer.from(orderId),
    value,
    headers: { [CHECKSUM_HEADER]: checksumOf(value) },
  });
}
