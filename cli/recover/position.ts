/** `orderstream recover position`: sets the position of one lane if both logs and the tables allow it. */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { orderKeyOf } from '../../services/orders-db/index.ts';
import { jumpTo, positionOf } from '../../services/worker/takeover/log-fingerprint.ts';
import { CliError, usageError } from '../errors.ts';
import { openDecoder } from '../kafka/decoder.ts';
import { count, print } from '../output.ts';
import { findServers } from '../servers.ts';
import { changeLane, type LaneChange, takeLane } from './change.ts';
import { undecidedIn } from './decided.ts';
import { checkLanes, type LaneCheck } from './lane-facts.ts';
import { type Opened, withServers } from './opened.ts';

export interface PositionOptions {
  readonly name: string;
  readonly to?: number;
  readonly toStart?: boolean;
  readonly dryRun?: boolean;
}

/** @throws CliError if commands would be decided twice, or the log does not contain the offset */
export async function setPosition(partition: number, options: PositionOptions): Promise<void> {
  if ((options.to === undefined) === (options.toStart !== true)) {
    throw usageError('give either --to OFFSET or --to-start');
  }
  await withServers(options.name, async (opened) => {
    const check = (await checkLanes(opened)).find(({ row }) => row.partition === partition);
    if (check === undefined) throw usageError(`no worker has ever owned lane ${partition}`);
    const to = options.to ?? check.facts.commands.low;
    const isDecided = mayBeDecided(check, to);
    const problem =
      refusal(check, to) ??
      (isDecided ? await undecided(opened, check, to, options.name) : await lostOrHeld(opened.db, check, to));
    if (problem !== null) throw new CliError(`lane ${partition} cannot continue at ${to}: ${problem}`);
    const { nextOffset: from } = check.row;
    print(`lane ${partition}: decided up to ${from}, continues at ${to}`);
    if (isDecided) print(`offsets ${from} to ${to - 1} are decided and published: nothing is skipped`);
    else if (to > from)
      print(`${count(to - from)} commands are SKIPPED: offsets ${from} to ${to - 1} get no outcome`);
    if (options.dryRun) return print('dry run: nothing was changed');
    const taken = await takeLane(opened.db, check.row);
    const change = { next_offset: to, published_offset: to, ...markAt(check, to, isDecided) };
    await changeLane(opened.db, taken, change, { command: 'position', from, to });
    print(`lane ${partition} continues at ${to}`);
  });
}

/** The columns of the record mark. Empty if the stored mark belongs to the same position. */
function markAt({ row }: LaneCheck, to: number, isDecided: boolean): LaneChange {
  if (positionOf(row.record) === to) return {};
  // The next outcome refers to the last outcome before it, so subscribers see no gap.
  return to > row.nextOffset && !isDecided
    ? { record_offset: row.nextOffset - 1, record_id: jumpTo(to) }
    : { record_offset: -1, record_id: '' };
}

/**
 * Whether the move passes commands that are still in the log. Such commands must be decided, for example if an
 * operator moved the row back by hand.
 */
function mayBeDecided({ row, facts }: LaneCheck, to: number): boolean {
  return to > row.nextOffset && to > facts.commands.low;
}

/** The reason why the lane may not continue there, independent of decided commands. Null if it may. */
function refusal({ row, facts }: LaneCheck, to: number): string | null {
  const { commands, lastSource, highestSource } = facts;
  if (to < commands.low || to > commands.high) {
    return `the log holds the offsets ${commands.low} to ${commands.high}`;
  }
  const decided = Math.max(lastSource ?? -1, highestSource ?? -1);
  if (to <= decided) return `the outcome of offset ${decided} is published`;
  if (facts.groupOffset !== null && to < facts.groupOffset) {
    return `the group has committed the offset ${facts.groupOffset}; stop the workers, then \`orderstream replay --i-know\` moves it back`;
  }
  if (facts.stored.commands !== '' && facts.stored.commands !== facts.found.commands) {
    return 'the command topic was recreated; `orderstream recover adopt` adapts the lane to it';
  }
  return to === row.nextOffset ? 'the lane is already at this offset' : null;
}

/** Describes the first command before `to` that is not decided. Null if all are decided. */
async function undecided(
  opened: Opened,
  { row }: LaneCheck,
  to: number,
  name: string,
): Promise<string | null> {
  const { schemaRegistryUrl } = await findServers(name, process.env, ['registry']);
  const span = { partition: row.partition, from: row.nextOffset, to };
  const found = await undecidedIn(opened, await openDecoder(schemaRegistryUrl), span);
  if (found === null) return null;
  const { offset, lacks } = found;
  return `the log still holds the command at offset ${offset}, which has ${lacks}; \`orderstream recover skip\` dead-letters one record`;
}

/** A move back must not pass an order. A move forward passes only commands that retention deleted. */
async function lostOrHeld(db: Connection, { row }: LaneCheck, to: number): Promise<string | null> {
  if (to > row.nextOffset) return null;
  const [rows] = await db.query<RowDataPacket[]>(
    'SELECT source_offset FROM orders WHERE order_key >= ? AND order_key < ? LIMIT 1',
    [orderKeyOf(row.partition, to), orderKeyOf(row.partition + 1, 0)],
  );
  return rows.length === 0
    ? null
    : `the command at offset ${rows[0]!['source_offset']} is decided in the tables`;
}
