/** The three commands of `orderstream dlq`: servers in, text or JSON out. */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { createAccumulator, createKafkaConfig } from '../../services/shared/kafka/index.ts';
import { createLogger } from '../../services/shared/log/index.ts';
import { noMetrics } from '../../services/shared/metrics/index.ts';
import { COMMANDS } from '../../topics/catalogue.ts';
import { withDatabase } from '../database.ts';
import { CliError, usageError } from '../errors.ts';
import { type Decoder, openDecoder } from '../kafka/decoder.ts';
import { type LogReader, type LogRecord, openLogReader } from '../kafka/log-reader.ts';
import { showRecord } from '../kafka/show-record.ts';
import { createProgress, print, printJson } from '../output.ts';
import { findServers, type ServerConfig } from '../servers.ts';
import { readBytes } from './bytes.ts';
import { judge } from './judge.ts';
import {
  countLetters,
  type Letter,
  type LetterFilter,
  noteTry,
  type Position,
  parsePosition,
  readLetters,
  readOpenOfOrders,
} from './letters.ts';
import { type Judged, planRedrive, type RedrivePlan } from './plan.ts';
import { type RedriveResult, redrive } from './redrive.ts';
import { tellLetters, tellPlan, tellResult } from './tell.ts';

interface FilterOptions {
  name: string;
  reason?: string[];
  since?: number;
  until?: number;
  partition?: number;
  order?: string;
}
type ListOptions = FilterOptions & { all?: boolean; max: number; json?: boolean };
type RedriveOptions = FilterOptions & {
  dryRun?: boolean;
  all?: boolean;
  rate: number;
  maxAttempts: number;
  force?: boolean;
  max: number;
  by: string;
  json?: boolean;
};

const CLOSE_MS = 2_000;

export async function listLetters(options: ListOptions): Promise<void> {
  const servers = await findServers(options.name, process.env, ['mysql']);
  const filter = filterOf(options, { openOnly: options.all !== true });
  await withDatabase(servers.mysqlUrl, async (db) => {
    const letters = await readLetters(db, filter, options.max);
    const counts = await countLetters(db, filter);
    if (options.json) printJson({ letters, counts });
    else print(tellLetters(letters, counts));
  });
}

export async function showLetter(position: string, { name }: { name: string }): Promise<void> {
  await withServers(name, async ({ db, reader, decoder }) => {
    const filter = filterOf({ name }, { positions: [position], openOnly: false });
    const [letter] = await readLetters(db, filter, 1);
    if (letter === undefined) throw new CliError(`there is no dead letter ${position}`);
    const record = (await readBytes(reader, [letter])).get(letter.position);
    const { verdict, code, why, partition } = await judge(letter, record, decoder);
    const shown = record === undefined ? null : await showRecord(record, decoder);
    const ifRedriven = { verdict, ...(verdict === 'pass' ? {} : { code, why }), partition };
    printJson({ ...letter, record: shown, ifRedriven });
  });
}

export async function redriveLetters(positions: Position[], options: RedriveOptions): Promise<void> {
  requireChoice(positions, options);
  await withServers(options.name, async ({ db, reader, decoder, servers }) => {
    const chosen = positions.length === 0 ? undefined : positions;
    const filter = filterOf(options, { positions: chosen, openOnly: chosen === undefined });
    if (options.dryRun !== true) await lockRedrive(db);
    const letters = await readLetters(db, filter, options.max);
    const bytes = await readBytes(reader, letters);
    const plan = await makePlan({ db, decoder }, letters, bytes, options);
    if (options.dryRun === true) {
      if (options.json) printJson(toJson(plan));
      else print(tellPlan(plan));
      return;
    }
    const result = await send(db, servers, bytes, plan.send, options);
    if (options.json)
      printJson({
        sent: result.sent.map(toPlace),
        held: toJson({ send: [], held: [...plan.held, ...result.failed] }).held,
      });
    else print(tellResult(result, plan.held));
    if (result.stoppedBy !== null) {
      const left = plan.send.length - result.sent.length - result.failed.length;
      throw new CliError(`stopped with ${left} dead letters left: ${result.stoppedBy.message}`, {
        cause: result.stoppedBy,
      });
    }
    if (plan.held.length + result.failed.length > 0) process.exitCode = 1;
  });
}

/** Everything at once is a decision of its own. */
function requireChoice(positions: readonly Position[], options: RedriveOptions): void {
  const { reason, since, until, partition, order } = options;
  const given = [reason, since, until, partition, order].some((value) => value !== undefined);
  if (positions.length > 0 || given || options.all === true) return;
  throw usageError('say which dead letters: positions, a filter such as --reason, or --all');
}

async function makePlan(
  { db, decoder }: { db: Connection; decoder: Decoder },
  letters: readonly Letter[],
  bytes: ReadonlyMap<Position, LogRecord>,
  options: RedriveOptions,
): Promise<RedrivePlan> {
  const judged: Judged[] = [];
  for (const letter of letters) {
    judged.push({ letter, judgement: await judge(letter, bytes.get(letter.position), decoder) });
  }
  const orderIds = [...new Set(letters.flatMap(({ orderId }) => orderId ?? []))];
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
  { rate, by }: RedriveOptions,
): Promise<RedriveResult> {
  const settings = createKafkaConfig(servers, `orderstream-cli-${process.pid}`);
  const log = createLogger({ service: 'cli', level: 'silent', instanceId: 'cli' });
  const accumulator = await createAccumulator({ settings, log, metrics: noMetrics, topics: [COMMANDS] });
  const progress = createProgress(process.stderr);
  try {
    return await redrive(
      {
        send: (message) => accumulator.send(message),
        note: (letter, line) => noteTry(db, letter, line),
        bytesOf: (letter) => bytes.get(letter.position)!,
        nowMs: () => Date.now(),
        sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
        onSent: (sent) => progress.show(`${sent} of ${planned.length} sent`),
      },
      planned,
      { rate, actor: by },
    );
  } finally {
    progress.end();
    await accumulator.close(CLOSE_MS);
  }
}

/** Two redrives at once would send everything twice; the lock goes with the connection. */
async function lockRedrive(db: Connection): Promise<void> {
  const [rows] = await db.query<RowDataPacket[]>(
    "SELECT GET_LOCK(CONCAT('orderstream.redrive.', LEFT(DATABASE(), 40)), 0) AS locked",
  );
  if (rows[0]?.['locked'] !== 1) throw new CliError('another redrive is running');
}

function filterOf(
  options: FilterOptions,
  { positions, openOnly }: { positions?: readonly Position[]; openOnly: boolean },
): LetterFilter {
  for (const position of positions ?? []) {
    if (parsePosition(position) === null) {
      throw usageError(`${position} is no position; one is a partition and an offset, for example 3-120`);
    }
  }
  return {
    reasons: options.reason,
    sinceMs: options.since,
    untilMs: options.until,
    partition: options.partition,
    orderId: options.order,
    positions,
    openOnly,
  };
}

interface Opened {
  db: Connection;
  reader: LogReader;
  decoder: Decoder;
  servers: ServerConfig<'kafka'>;
}

async function withServers(name: string, work: (opened: Opened) => Promise<void>): Promise<void> {
  const servers = await findServers(name, process.env, ['kafka', 'registry', 'mysql']);
  const decoder = await openDecoder(servers.schemaRegistryUrl);
  const reader = await openLogReader(servers);
  try {
    await withDatabase(servers.mysqlUrl, (db) => work({ db, reader, decoder, servers }));
  } finally {
    await reader.close();
  }
}

function toJson({ send, held }: RedrivePlan) {
  return {
    wouldPass: send.filter(({ judgement }) => judgement.verdict === 'pass').map(positionOf),
    wouldBeTried: send.filter(({ judgement }) => judgement.verdict !== 'pass').map(positionOf),
    held: held.map(({ letter, code, why }) => ({ position: letter.position, code, why })),
  };
}

function positionOf({ letter }: Judged): Position {
  return letter.position;
}

function toPlace({ letter, partition, offset }: RedriveResult['sent'][number]) {
  return { position: letter.position, partition, offset };
}
