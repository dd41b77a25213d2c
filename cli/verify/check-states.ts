/**
 * Reads one partition of the snapshot and compares the state of each order with the log at the covered position. It
 * counts outcomes that the snapshot does not cover yet. They are no finding.
 */
import type { OrderState } from '../../schemas/index.ts';
import { COMMANDS, EVENTS, STATE } from '../../topics/catalogue.ts';
import type { Decoder } from '../kafka/decoder.ts';
import type { LogReader, Range } from '../kafka/log-reader.ts';
import type { Findings } from './checks.ts';
import {
  amountsChecksum,
  HAS_AMOUNTS,
  type LaneLog,
  MADE_ORDER,
  moneyChecksum,
  type StatusCodes,
  unitsChecksum,
} from './lane-log.ts';

export interface StatesDeps {
  reader: LogReader;
  decode: NonNullable<Decoder['state']>;
  lane: LaneLog;
  findings: Findings;
  statuses: StatusCodes;
}

/** The newest state of each order, by the index of the offset that created it. */
interface Fold {
  version: Int32Array;
  status: Uint8Array;
  amounts: Uint32Array;
  /** 0 if the state does not contain its money. */
  money: Uint32Array;
  /** 0 if the state does not contain its units. */
  units: Uint32Array;
  /** Orders whose newest state comes from an outcome that was decided after the tables were read. */
  newer: Uint8Array;
  /** The contents of the last marker. */
  covers: number;
  coversFrom: number;
  eventsOffset: number;
}

/** Returns the number of outcomes that the snapshot does not cover yet. */
export async function checkStates(deps: StatesDeps): Promise<number> {
  const { reader, decode, lane, findings } = deps;
  const size = lane.flags.length;
  const fold: Fold = {
    version: new Int32Array(size),
    status: new Uint8Array(size),
    amounts: new Uint32Array(size),
    money: new Uint32Array(size),
    units: new Uint32Array(size),
    newer: new Uint8Array(size),
    covers: -1,
    coversFrom: -1,
    eventsOffset: 0,
  };
  const range = (await reader.ranges(STATE))[lane.partition] ?? { low: 0, high: 0 };
  for await (const records of reader.read(STATE, lane.partition, range.low, range.high)) {
    for (const record of records) {
      const where = `states ${lane.partition}@${record.offset}`;
      const decoded = await decode(record);
      if (decoded.kind === 'poison') findings.add('undecodable', `${where}: ${decoded.code}`);
      else if (decoded.value.orderId === null) takeMarker(deps, fold, decoded.value, where);
      else takeState(deps, fold, decoded.value, decoded.value.orderId, where);
    }
  }
  await checkMarker(deps, fold);
  compareStates(deps, fold);
  return Math.max(lane.next - 1 - fold.covers, 0);
}

function takeMarker(
  { findings }: StatesDeps,
  fold: Fold,
  { sourceOffset, coversFrom, eventsOffset }: OrderState,
  where: string,
): void {
  if (sourceOffset < fold.covers)
    findings.add('statePosition', `${where}: covers ${sourceOffset}, after ${fold.covers}`);
  fold.covers = sourceOffset;
  fold.coversFrom = coversFrom ?? -1;
  fold.eventsOffset = eventsOffset ?? 0;
}

/**
 * Compares the last marker with the ends of the logs. The ends are read later, so a correct marker is never beyond
 * them.
 */
async function checkMarker({ reader, lane, findings }: StatesDeps, fold: Fold): Promise<void> {
  const commands = await rangeOf(reader, lane.partition, COMMANDS);
  const events = await rangeOf(reader, lane.partition, EVENTS);
  if (fold.covers < commands.high && fold.eventsOffset <= events.high) return;
  findings.add(
    'statePosition',
    `partition ${lane.partition}: states cover ${fold.covers} and go on at ${fold.eventsOffset}; ` +
      `commands end at ${commands.high}, outcomes at ${events.high}`,
  );
}

async function rangeOf(reader: LogReader, partition: number, topic: string): Promise<Range> {
  return (await reader.ranges(topic))[partition] ?? { low: 0, high: 0 };
}

function takeState(
  { lane, findings, statuses }: StatesDeps,
  fold: Fold,
  state: OrderState,
  orderId: string,
  where: string,
): void {
  const { sourceOffset, version, status, terms, money, units } = state;
  const index = lane.madeAt.get(orderId);
  if (index === undefined) {
    // A state older than the log or newer than the tables comes from an outcome that was not read.
    if (lane.base === 0 && sourceOffset < lane.next)
      findings.add('stateWithoutOrder', `${where}: order ${orderId}`);
    return;
  }
  if (sourceOffset >= lane.next) {
    fold.newer[index] = 1;
    return;
  }
  fold.version[index] = version;
  fold.status[index] = statuses.code(status);
  fold.amounts[index] = terms === null ? 0 : amountsChecksum(terms);
  fold.money[index] = moneyChecksum(money);
  fold.units[index] = unitsChecksum(units);
}

function compareStates({ lane, findings, statuses }: StatesDeps, fold: Fold): void {
  for (let index = 0; index < lane.flags.length; index += 1) {
    const flags = lane.flags[index] ?? 0;
    const changedAt = lane.changedAt[index] ?? 0;
    const isCovered = changedAt <= fold.covers && changedAt > fold.coversFrom;
    if ((flags & MADE_ORDER) === 0 || !isCovered || fold.newer[index] === 1) continue;
    const where = `order of ${lane.partition}@${lane.base + index}`;
    const [version, status] = [fold.version[index] ?? 0, fold.status[index] ?? 0];
    if (version === 0) findings.add('noState', where);
    else if (version !== lane.version[index] || status !== lane.status[index]) {
      const [ours, theirs] = [statuses.name(lane.status[index] ?? 0), statuses.name(status)];
      findings.add(
        'unlikeState',
        `${where}: state ${theirs} version ${version}, log ${ours} version ${lane.version[index]}`,
      );
    } else if ((flags & HAS_AMOUNTS) !== 0 && fold.amounts[index] !== lane.amounts[index]) {
      findings.add('unlikeState', `${where}: amounts or lines`);
    } else if (differs(fold.money[index] ?? 0, lane.money[index] ?? 0)) {
      findings.add('unlikeState', `${where}: money`);
    } else if (differs(fold.units[index] ?? 0, lane.units[index] ?? 0)) {
      findings.add('unlikeState', `${where}: units`);
    }
  }
}

/** Whether two checksums differ. 0 is unknown. */
function differs(a: number, b: number): boolean {
  return a !== 0 && b !== 0 && a !== b;
}
