/**
 * Adds one partition of the event log to a LaneLog: first copies, repeats, the chain of offsets, versions.
 */
import type { OrderEvent } from '../../schemas/index.ts';
import { partitionOfOrder } from '../../topics/partition.ts';
import type { Decoder } from '../kafka/decoder.ts';
import type { LogRecord } from '../kafka/log-reader.ts';
import type { Findings } from './checks.ts';
import {
  amountsChecksum,
  checksum,
  DEAD_LETTERED,
  HAS_AMOUNTS,
  HAS_OUTCOME,
  type LaneLog,
  MADE_ORDER,
  moneyChecksum,
  namesChecksum,
  type StatusCodes,
  setFlag,
  unitsChecksum,
} from './lane-log.ts';

/** The state after the records taken so far. `createOutcomeFold` creates it, `takeOutcomes` updates it. */
export interface OutcomeFold {
  readonly lane: LaneLog;
  readonly findings: Findings;
  readonly statuses: StatusCodes;
  readonly decode: Decoder['event'];
  /** Source offset of the newest first copy. `base - 1` before the first outcome. */
  lastSourceOffset: number;
  first: boolean;
  repeats: number;
  /** Number of outcomes by kind, without repeats. */
  readonly totals: Map<string, number>;
  /** Units that operators added or removed, by SKU. */
  readonly adjusted: Map<string, number>;
}

export function createOutcomeFold(
  deps: Pick<OutcomeFold, 'lane' | 'findings' | 'statuses' | 'decode'>,
): OutcomeFold {
  return {
    ...deps,
    lastSourceOffset: deps.lane.base - 1,
    first: true,
    repeats: 0,
    totals: new Map(),
    adjusted: new Map(),
  };
}

/** Takes the next records of the partition, in log order. */
export async function takeOutcomes(fold: OutcomeFold, records: LogRecord[]): Promise<void> {
  const { lane, findings } = fold;
  for (const record of records) {
    const where = `events ${record.partition}@${record.offset}`;
    const decoded = await fold.decode(record);
    if (decoded.kind === 'poison') {
      findings.add('undecodable', `${where}: ${decoded.code}`);
      continue;
    }
    const event = decoded.value;
    // The command was decided after the read of the database. The next run checks it.
    if (event.sourceOffset >= lane.next) continue;
    if (event.sourcePartition !== lane.partition || event.sourceOffset < lane.base) {
      findings.add('noCommand', `${where}: names ${event.sourcePartition}@${event.sourceOffset}`);
      continue;
    }
    takeEvent(fold, record, event, where);
  }
}

function takeEvent(fold: OutcomeFold, record: LogRecord, event: OrderEvent, where: string): void {
  const { lane, findings, totals } = fold;
  const index = event.sourceOffset - lane.base;
  const recordSum = recordChecksum(record);
  if (((lane.flags[index] ?? 0) & HAS_OUTCOME) !== 0) {
    fold.repeats += 1;
    if (lane.record[index] !== recordSum) findings.add('unlikeRepeat', `${where}: ${event.eventId}`);
    return;
  }
  setFlag(lane, index, HAS_OUTCOME);
  lane.record[index] = recordSum;
  lane.names[index] = namesChecksum(event.commandType, event.commandId, event.orderId);
  totals.set(event.outcome, (totals.get(event.outcome) ?? 0) + 1);
  checkChain(fold, event, where);
  checkPlace(findings, record, event, where);
  applyOutcome(fold, event, index, where);
}

/**
 * Checks that an outcome refers to the previous outcome. Retention may have removed the outcomes before the first
 * outcome in the log.
 */
function checkChain(fold: OutcomeFold, event: OrderEvent, where: string): void {
  if (!fold.first && event.prevSourceOffset !== fold.lastSourceOffset) {
    const text = `${where}: ${event.sourceOffset} follows ${fold.lastSourceOffset}, but names ${event.prevSourceOffset}`;
    fold.findings.add('brokenChain', text);
  }
  fold.first = false;
  fold.lastSourceOffset = Math.max(fold.lastSourceOffset, event.sourceOffset);
}

function checkPlace(findings: Findings, record: LogRecord, event: OrderEvent, where: string): void {
  if (event.eventId !== `${event.sourcePartition}-${event.sourceOffset}`) {
    findings.add('unlikeCommand', `${where}: event id ${event.eventId}`);
  }
  // A dead letter keeps any key of its source, and the key of a stock adjustment is the SKU.
  if (event.outcome === 'DEAD_LETTERED' || event.orderId === null) return;
  const key = record.key?.toString('utf8');
  if (key !== event.orderId || !belongsIn(record.partition, event.orderId)) {
    findings.add('wrongPlace', `${where}: order ${event.orderId}, key ${key}`);
  }
}

function applyOutcome(fold: OutcomeFold, event: OrderEvent, index: number, where: string): void {
  switch (event.outcome) {
    case 'ACCEPTED':
    case 'REJECTED':
      makeOrder(fold, event, index, where);
      break;
    case 'APPLIED':
      if (event.stock !== null) {
        const { sku, delta } = event.stock;
        fold.adjusted.set(sku, (fold.adjusted.get(sku) ?? 0) + delta);
      }
      if (event.orderId !== null) changeOrder(fold, event, event.orderId, where);
      break;
    case 'DEAD_LETTERED':
      setFlag(fold.lane, index, DEAD_LETTERED);
      break;
    default:
      // DUPLICATE, REFUSED and KEY_CONFLICT change nothing.
      break;
  }
}

function makeOrder(
  { lane, findings, statuses }: OutcomeFold,
  event: OrderEvent,
  index: number,
  where: string,
): void {
  const id = event.orderId ?? '';
  if (lane.madeAt.has(id)) findings.add('decidedTwice', `${where}: order ${id}`);
  else lane.madeAt.set(id, index);
  if (event.version !== 1)
    findings.add('versionGap', `${where}: order ${id} starts at version ${event.version}`);
  setFlag(lane, index, MADE_ORDER);
  lane.orderId[index] = checksum(id);
  lane.version[index] = event.version;
  lane.changedAt[index] = event.sourceOffset;
  lane.status[index] = statuses.code(event.status);
  lane.money[index] = moneyChecksum(event.money);
  lane.units[index] = unitsChecksum(event.units);
  if (event.order === null) return;
  setFlag(lane, index, HAS_AMOUNTS);
  lane.amounts[index] = amountsChecksum(event.order);
}

/** Does not check an order that was created before the log begins. */
function changeOrder(
  { lane, findings, statuses }: OutcomeFold,
  event: OrderEvent,
  id: string,
  where: string,
): void {
  const madeAt = lane.madeAt.get(id);
  if (madeAt === undefined) return;
  const version = lane.version[madeAt] ?? 0;
  if (event.version !== version + 1) {
    findings.add('versionGap', `${where}: order ${id} goes from ${version} to ${event.version}`);
  }
  lane.version[madeAt] = event.version;
  lane.changedAt[madeAt] = event.sourceOffset;
  lane.status[madeAt] = statuses.code(event.status);
  lane.money[madeAt] = moneyChecksum(event.money);
  lane.units[madeAt] = unitsChecksum(event.units);
}

function belongsIn(partition: number, orderId: string): boolean {
  return /^[0-9a-f]{8}-/.test(orderId) && partitionOfOrder(orderId) === partition;
}

/**
 * Checksum of a record without its offset. It includes the order of headers, because a repeat is a copy of the same
 * bytes.
 */
function recordChecksum(record: LogRecord): number {
  const headers = Object.entries(record.headers).map(([name, value]) => `${name}=${String(value)}`);
  const head = checksum(`${record.key?.toString('latin1')} ${record.timestampMs} ${headers.join(' ')}`);
  return record.value === null ? head : checksum(record.value, head);
}
