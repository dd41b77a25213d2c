/** The texts of `orderstream lag` for people. */
import {
  type Flow,
  type GroupStanding,
  isStalled,
  type LaneStanding,
  lagSeconds,
  stillLanes,
} from '../../services/inspection/index.ts';
import { count, table } from '../output.ts';
import { openRefundsText } from './open-refunds.ts';
import type { Lag } from './read-lag.ts';
import { timersText } from './timers.ts';

/**
 * Everything of one reading.
 *
 * @param prefix the prefix of the topics of the installation
 * @param all whether partitions without lag are listed
 */
export function lagText(
  { nowMs, groups, tables }: Lag,
  prefix: string,
  all: boolean,
  commands: string,
): string {
  const groupLines = groupsText(groups, nowMs, all);
  if (tables === null) return groupLines;
  const { lanes, halt, timers, refunds } = tables;
  return [
    ...(halt === null
      ? []
      : [`HALTED since ${new Date(halt.detectedAtMs).toISOString()}: ${halt.message}`, '']),
    ...stillLanes(lanes, nowMs),
    `lanes of ${prefix}${commands}`,
    lanesText(lanes, nowMs),
    '',
    groupLines,
    '',
    timersText(timers, nowMs),
    openRefundsText(refunds, nowMs),
  ].join('\n');
}

/** One line of `--watch`: rates, backlog, seconds and lanes without progress. `flow` is since the line before. */
export function watchLine({ nowMs, tables }: Lag, flow: Flow | null): string {
  const lanes = tables?.lanes ?? [];
  const backlog = lanes.reduce((sum, { lag }) => sum + lag, 0);
  const oldest = Math.max(0, ...lanes.map((lane) => lagSeconds(lane, nowMs)));
  const stalled = lanes.filter((lane) => isStalled(lane, nowMs));
  const rates =
    flow === null
      ? 'rates follow'
      : `arrive ${rate(flow.arrivalRate)}, decided ${rate(flow.outcomeRate)}, ${drainText(flow.drainSeconds)}`;
  const stalls =
    stalled.length === 0
      ? 'no lane stalls'
      : `stalled: ${stalled.map((lane) => `${lane.partition} (${lane.waitsFor})`).join(', ')}`;
  return `${new Date(nowMs).toISOString()}  ${count(backlog)} behind, the oldest for ${seconds(oldest)}; ${rates}; ${stalls}`;
}

function drainText(drainSeconds: number | null): string {
  if (drainSeconds === 0) return 'nothing to drain';
  return drainSeconds === null ? 'the backlog does not shrink' : `drained in ${seconds(drainSeconds)}`;
}

function lanesText(lanes: readonly LaneStanding[], nowMs: number): string {
  return table([
    ['partition', 'end', 'decided', 'published', 'lag', 'seconds', 'epoch', 'owner', 'waits for'],
    ...lanes.map((lane) => [
      lane.partition,
      lane.end,
      lane.next,
      lane.published,
      lane.lag,
      oneDigit(lagSeconds(lane, nowMs)),
      lane.epoch,
      lane.owner === '' ? '-' : lane.owner,
      lane.waitsFor === '' ? '-' : lane.waitsFor,
    ]),
  ]);
}

/** One line per group and topic, followed by the partitions that are behind. */
function groupsText(lines: readonly GroupStanding[], nowMs: number, all: boolean): string {
  if (lines.length === 0) return 'no group has committed an offset on the topics of the catalogue';
  const parts: string[] = [];
  for (const own of Map.groupBy(lines, ({ group, topic }) => `${group} on ${topic}`).values()) {
    const behind = own.reduce((sum, line) => sum + line.lag, 0);
    const oldest = Math.max(...own.map((line) => lagSeconds(line, nowMs)));
    const state = behind === 0 ? 'no lag' : `${count(behind)} behind, the oldest for ${seconds(oldest)}`;
    const head = `${own[0]?.group} on ${own[0]?.topic}: ${state}`;
    const shown = own.filter((line) => all || line.lag > 0);
    const rows = shown.map((line) => [
      line.partition,
      line.committed ?? 'none',
      line.end,
      line.lag,
      oneDigit(lagSeconds(line, nowMs)),
    ]);
    parts.push(
      shown.length === 0
        ? head
        : `${head}\n${table([['partition', 'next', 'end', 'lag', 'seconds'], ...rows])}`,
    );
  }
  return parts.join('\n\n');
}

function rate(perSecond: number): string {
  return `${count(Math.round(perSecond))}/s`;
}

function seconds(value: number): string {
  return `${count(Math.round(value))} s`;
}

function oneDigit(value: number): number {
  return Math.round(value * 10) / 10;
}
