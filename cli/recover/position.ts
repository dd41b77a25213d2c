/** `orderstream recover position`: sets one lane's position, where both logs and the tables allow it. */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { jumpTo } from '../../services/worker/marks.ts';
import { orderKeyOf } from '../../services/worker/store/order-key.ts';
import { CliError, usageError } from '../errors.ts';
import { count, print } from '../output.ts';
import { changeLane, takeLane } from './change.ts';
import { checkLanes, type LaneCheck } from './lane-facts.ts';
import { withServers } from './opened.ts';

export interface PositionOptions {
  readonly name: string;
  readonly to?: number;
  readonly toStart?: boolean;
  readonly dryRun?: boolean;
}

/** @throws CliError where commands would be decided twice, or the log does not reach there */
export async function setPosition(partition: number, options: PositionOptions): Promise<void> {
  if ((options.to === undefined) === (options.toStart !== true)) {
    throw usageError('give either --to OFFSET or --to-start');
  }
  await withServers(options.name, async (opened) => {
    const check = (await checkLanes(opened)).find(({ row }) => row.partition === partition);
    if (check === undefined) throw usageError(`no worker has ever owned lane ${partition}`);
    const to = options.to ?? check.facts.commands.low;
    const problem = (await refusal(opened.db, check, to)) ?? null;
    if (problem !== null) throw new CliError(`lane ${partition} cannot continue at ${to}: ${problem}`);
    const { nextOffset: from } = check.row;
    print(`lane ${partition}: decided up to ${from}, continues at ${to}`);
    if (to > from)
      print(`${count(to - from)} commands are SKIPPED: offsets ${from} to ${to - 1} get no outcome`);
    if (options.dryRun) return print('dry run: nothing was changed');
    const taken = await takeLane(opened.db, check.row);
    // The next outcome names the last one before it: subscribers see no hole.
    const mark =
      to > from ? { record_offset: from - 1, record_id: jumpTo(to) } : { record_offset: -1, record_id: '' };
    const change = { next_offset: to, published_offset: to, ...mark };
    await changeLane(opened.db, taken, change, { command: 'position', from, to });
    print(`lane ${partition} continues at ${to}`);
  });
}

/** Why the lane may not go on there; null when it may. */
async function refusal(db: Connection, { row, facts }: LaneCheck, to: number): Promise<string | null> {
  const { commands, lastSource, highestSource } = facts;
  if (to < commands.low || to > commands.high) {
    return `the log holds the offsets ${commands.low} to ${commands.high}`;
  }
  const decided = Math.max(lastSource ?? -1, highestSource ?? -1);
  if (to <= decided) return `the outcome of offset ${decided} is published`;
  if (facts.groupOffset !== null && to < facts.groupOffset) {
    return `the group has committed the offset ${facts.groupOffset}; while no worker runs, \`orderstream replay --i-know\` sets it back`;
  }
  if (facts.stored.commands !== '' && facts.stored.commands !== facts.found.commands) {
    return 'the command topic was recreated; `orderstream recover adopt` adapts the lane to it';
  }
  if (to < row.nextOffset) {
    const [rows] = await db.query<RowDataPacket[]>(
      'SELECT source_offset FROM orders WHERE order_key >= ? AND order_key < ? LIMIT 1',
      [orderKeyOf(row.partition, to), orderKeyOf(row.partition + 1, 0)],
    );
    if (rows.length > 0) return `the command at offset ${rows[0]!['source_offset']} is decided in the tables`;
  }
  if (to > row.nextOffset && to > commands.low) {
    return `the log still holds the command at offset ${row.nextOffset}; \`orderstream recover skip\` dead-letters one record`;
  }
  return to === row.nextOffset ? 'the lane is already at this offset' : null;
}
