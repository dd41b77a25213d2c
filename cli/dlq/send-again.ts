/** `orderstream dlq redrive`: selects, judges and plans dead letters, and sends them unless it is a dry run. */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { createAccumulator, createKafkaConfig } from '../../services/shared/kafka/index.ts';
import { createLogger } from '../../services/shared/log/index.ts';
import { noMetrics } from '../../services/shared/metrics/index.ts';
import { COMMANDS } from '../../topics/catalogue.ts';
import { CliError, usageError } from '../errors.ts';
import type { Decoder } from '../kafka/decoder.ts';
import type { LogRecord } from '../kafka/log-reader.ts';
import { createProgress, print, printJson } from '../output.ts';
import type { ServerConfig } from '../servers.ts';
import { readBytes } from './bytes.ts';
import {
  type DeadLetter,
  noteTry,
  type Position,
  readDeadLetters,
  readOpenOfOrders,
} from './dead-letters.ts';
import { formatPlan, formatResult } from './format.ts';
import { judge } from './judge.ts';
import { type FilterOptions, filterOf, withServers } from './opened.ts';
import { type HeldBack, type Judged, planRedrive, type RedrivePlan } from './plan.ts';
import { type RedriveResult, redrive } from './redrive.ts';

type RedriveOptions = FilterOptions & {
  dryRun?: boolean;
  all?: boolean;
  rate: number;
  maxAttempts: number;
  force?: boolean;
  max: number;
  by: string;
  note?: string;
  json?: boolean;
};

const CLOSE_MS = 2_000;

export async function redriveDeadLetters(positions: Position[], options: RedriveOptions): Promise<void> {
  requireChoice(positions, options);
  await withServers(options.name, async ({ db, reader, decoder, servers }) => {
    const chosen = positions.length === 0 ? undefined : positions;
    const filter = filterOf(options, { positions: chosen, openOnly: chosen === undefined });
    if (options.dryRun !== true) await lockRedrive(db);
    const deadLetters = await readDeadLetters(db, filter, options.max);
    requireFound(positions, deadLetters);
    const bytes = await readBytes(reader, deadLetters);
    const plan = await makePlan({ db, decoder }, deadLetters, bytes, options);
    if (options.dryRun === true) {
      if (options.json) printJson(toJson(plan));
      else print(formatPlan(plan));
      return;
    }
    const result = await send(db, servers, bytes, plan.send, options);
    if (options.json)
      printJson({ sent: result.sent.map(toPlace), held: [...plan.held, ...result.failed].map(toHeld) });
    else print(formatResult(result, plan.held));
    if (result.stoppedBy !== null) {
      const left = plan.send.length - result.sent.length - result.failed.length;
      throw new CliError(`stopped with ${left} dead letters left: ${result.stoppedBy.message}`, {
        cause: result.stoppedBy,
      });
    }
    if (plan.held.length + result.failed.length > 0) process.exitCode = 1;
  });
}

/** Requires an explicit option to send all dead letters. */
function requireChoice(positions: readonly Position[], options: RedriveOptions): void {
  const { reason, since, until, partition, order } = options;
  const given = [reason, since, until, partition, order].some((value) => value !== undefined);
  if (positions.length > 0 || given || options.all === true) return;
  throw usageError('select dead letters: positions, a filter such as --reason, or --all');
}

function requireFound(positions: readonly Position[], deadLetters: readonly DeadLetter[]): void {
  const found = new Set(deadLetters.map(({ position }) => position));
  const missing = positions.filter((position) => !found.has(position));
  if (missing.length > 0) throw new CliError(`there is no such dead letter: ${missing.join(', ')}`);
}

async function makePlan(
  { db, decoder }: { db: Connection; decoder: Decoder },
  deadLetters: readonly DeadLetter[],
  bytes: ReadonlyMap<Position, LogRecord>,
  options: RedriveOptions,
): Promise<RedrivePlan> {
  const judged: Judged[] = [];
  for (const deadLetter of deadLetters) {
    judged.push({ deadLetter, judgement: await judge(deadLetter, bytes.get(deadLetter.position), decoder) });
  }
  const orderIds = [...new Set(deadLetters.flatMap(({ orderId }) => orderId ?? []))];
  const openOfOrders = await readOpenOfOrders(db, orderIds);
  return planRedrive(judged, {
    maxAttempts: options.maxAttempts,
    force: options.force === true,
    openOfOrders,
  });
}

async function send(
  db: Connection,
  servers: ServerConfig<'kafka'>,
  bytes: ReadonlyMap<Position, LogRecord>,
  planned: readonly Judged[],
  { rate, by, note }: RedriveOptions,
): Promise<RedriveResult> {
  const settings = createKafkaConfig(servers, `orderstream-cli-${process.pid}`);
  const log = createLogger({ service: 'cli', level: 'silent', instanceId: 'cli' });
  const accumulator = await createAccumulator({ settings, log, metrics: noMetrics, topics: [COMMANDS] });
  const progress = createProgress(process.stderr);
  try {
    return await redrive(
      {
        send: (message) => accumulator.send(message),
        note: (deadLetter, line) => noteTry(db, deadLetter, line),
        bytesOf: (deadLetter) => bytes.get(deadLetter.position)!,
        nowMs: () => Date.now(),
        sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
        onSent: (sent) => progress.show(`${sent} of ${planned.length} sent`),
      },
      planned,
      { rate, actor: by, note },
    );
  } finally {
    progress.end();
    await accumulator.close(CLOSE_MS);
  }
}

/** Takes a lock, because two concurrent redrives would send each record twice. The lock ends with the connection. */
async function lockRedrive(db: Connection): Promise<void> {
  const [rows] = await db.query<RowDataPacket[]>(
    "SELECT GET_LOCK(CONCAT('orderstream.redrive.', LEFT(DATABASE(), 40)), 0) AS locked",
  );
  if (rows[0]?.['locked'] !== 1) throw new CliError('another redrive is running');
}

function toJson({ send, held }: RedrivePlan) {
  return {
    wouldPass: send.filter(({ judgement }) => judgement.verdict === 'pass').map(positionOf),
    wouldBeTried: send.filter(({ judgement }) => judgement.verdict !== 'pass').map(positionOf),
    held: held.map(toHeld),
  };
}

function positionOf({ deadLetter }: Judged): Position {
  return deadLetter.position;
}

function toPlace({ deadLetter, partition, offset }: RedriveResult['sent'][number]) {
  return { position: deadLetter.position, partition, offset };
}

function toHeld({ deadLetter, code, why }: HeldBack) {
  return { position: deadLetter.position, code, why };
}
