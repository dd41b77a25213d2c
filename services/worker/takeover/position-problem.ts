/**
 * Decides whether a lane matches the logs. These functions are pure, so that workers and `orderstream recover` decide
 * alike.
 */
import type { LaneLogIds, OutcomeMark } from './log-fingerprint.ts';

export interface OffsetRange {
  readonly low: number;
  /** Offset that the next record will get. */
  readonly high: number;
}

/** The facts about one lane from the tables and the logs. Offsets are numbers below 2^53. */
export interface LaneFacts {
  readonly partition: number;
  readonly nextOffset: number;
  readonly publishedOffset: number;
  /** The offsets of the partition in the command log. `events` has its offsets in the outcome topic. */
  readonly commands: OffsetRange;
  readonly events: OffsetRange;
  /** Committed offset of the group of the workers; null if it has none. */
  readonly groupOffset: number | null;
  /** Source offset of the newest outcome in the log; null if there is none. */
  readonly lastSource: number | null;
  /** The highest source offset near the end of the log, because late repeats may follow it. */
  readonly highestSource: number | null;
  /** The logs on which the lane was processed. `found` are the current logs. */
  readonly stored: LaneLogIds;
  readonly found: LaneLogIds;
  /**
   * Whether the last decided command is still at its offset. Unknown without a mark, or if retention deleted the
   * command.
   */
  readonly record: 'same' | 'other' | 'unknown';
  /** The position that was stored together with the mark; null without a mark. */
  readonly markedNext: number | null;
  /** Position after the newest unpublished row of the outbox; -1 without a row. */
  readonly outboxEnd: number;
  /** The last outcome that is known to be acknowledged. `outcome` says whether it is still at its offset. */
  readonly outcomeMark: OutcomeMark;
  readonly outcome: 'same' | 'gone' | 'unknown';
}

type PositionFault =
  | 'commandsMadeAnew'
  | 'positionMoved'
  | 'eventsMadeAnew'
  | 'aheadOfLog'
  | 'behindLog'
  | 'otherRecord'
  | 'behindGroup'
  | 'behindEvents'
  | 'outcomesCut';

export interface PositionProblem {
  readonly why: PositionFault;
  /** The fault, then the `orderstream recover` command that repairs it. The message can follow "lane 3 is stopped:". */
  readonly message: string;
}

/** Faults that prove that the database lost commits. These faults affect all lanes. */
export const lostCommits: ReadonlySet<string> = new Set<PositionFault>(['behindGroup', 'behindEvents']);

/** The mismatch between a lane and the logs; null if they match. */
export function positionProblem(facts: LaneFacts): PositionProblem | null {
  const found = faultOf(facts);
  if (found === null) return null;
  const [why, what] = found;
  return { why, message: `${what}; ${wayOn(why, facts)}` };
}

function faultOf(facts: LaneFacts): [PositionFault, string] | null {
  const { nextOffset, publishedOffset, commands, events, groupOffset, lastSource, stored, found } = facts;
  // Another topic with the last decided command is valid. It is a copy, or it is older than the first decision.
  if (nextOffset > 0 && facts.record !== 'same' && isOther(stored.commands, found.commands)) {
    const cluster = isOther(stored.clusterId, found.clusterId) ? ' on another cluster' : '';
    return [
      'commandsMadeAnew',
      `its position ${nextOffset} belongs to another command topic: this one was recreated${cluster}`,
    ];
  }
  if (isMovedAhead(facts)) {
    return [
      'positionMoved',
      `its position ${nextOffset} was not written by a worker: the last decided command has offset ${facts.markedNext! - 1}`,
    ];
  }
  if (nextOffset > commands.high) {
    return [
      'aheadOfLog',
      `its position ${nextOffset} lies beyond the log's end ${commands.high}: the command topic was truncated or recreated`,
    ];
  }
  if (nextOffset < commands.low) {
    return [
      'behindLog',
      `its position ${nextOffset} lies before the log's start ${commands.low}: undecided commands were deleted by retention`,
    ];
  }
  if (facts.record === 'other') {
    return [
      'otherRecord',
      `the log holds another command before its position ${nextOffset} than the one that was decided: the command topic was truncated and filled again`,
    ];
  }
  if (groupOffset !== null && groupOffset > nextOffset) {
    return [
      'behindGroup',
      `its position ${nextOffset} lies behind the group's offset ${groupOffset}: the database has lost commits`,
    ];
  }
  if (lastSource !== null && lastSource >= nextOffset) {
    return [
      'behindEvents',
      `its position ${nextOffset} lies behind the published outcome of offset ${lastSource}: the database has lost commits`,
    ];
  }
  const hasPublished = facts.outcomeMark.source >= 0 || publishedOffset > 0;
  if (hasPublished && facts.outcome !== 'same' && isOther(stored.events, found.events)) {
    return ['eventsMadeAnew', 'its outcomes were published to another outcome topic: this one was recreated'];
  }
  if (facts.outcome === 'gone') {
    const { source, offset } = facts.outcomeMark;
    return [
      'outcomesCut',
      `the acknowledged outcome of offset ${source} is no longer at ${offset} of the outcome topic, which ends at ${events.high}: outcomes were removed from its end`,
    ];
  }
  if (facts.outcome === 'unknown' && endsEarly(facts)) {
    return [
      'outcomesCut',
      `the outcome topic ends with the outcome of offset ${facts.highestSource ?? 'none'}, and those below ${publishedOffset} were acknowledged: outcomes were removed from its end`,
    ];
  }
  return null;
}

/** For a lane without a mark: whether the topic ends before the last acknowledged outcome. */
function endsEarly({ events, publishedOffset, highestSource }: LaneFacts): boolean {
  if (publishedOffset === 0) return false;
  // If an empty topic has had outcomes, retention deleted them all, and nothing can be proven.
  if (events.low === events.high) return events.high === 0;
  return highestSource !== null && highestSource < publishedOffset - 1;
}

/**
 * Whether the position was moved ahead by hand. A worker writes position and mark together. So a position beyond its
 * mark has another cause. A worker of an older version without marks moves only the position. Then an outcome in the
 * topic or in the outbox proves the position.
 */
function isMovedAhead({
  nextOffset,
  markedNext,
  record,
  lastSource,
  highestSource,
  outboxEnd,
}: LaneFacts): boolean {
  if (markedNext === null || nextOffset <= markedNext || record === 'other') return false;
  return Math.max(lastSource ?? -1, highestSource ?? -1, outboxEnd - 1) < nextOffset - 1;
}

function isOther(stored: string, found: string): boolean {
  return stored !== '' && found !== '' && stored !== found;
}

function wayOn(why: PositionFault, { partition, nextOffset, markedNext }: LaneFacts): string {
  switch (why) {
    case 'positionMoved':
      return `\`orderstream recover position ${partition} --to ${markedNext}\` sets it right`;
    case 'commandsMadeAnew':
    case 'aheadOfLog':
    case 'otherRecord':
      return `\`orderstream recover adopt --partition ${partition}\` adapts the topic to the lane`;
    case 'behindLog':
      return `\`orderstream recover position ${partition} --to-start\` continues without them`;
    case 'behindGroup':
    case 'behindEvents':
      if (markedNext !== null && markedNext > nextOffset) {
        return (
          `its row was changed by hand: run \`orderstream recover position ${partition} --to ${markedNext}\`, ` +
          'then `orderstream recover continue`'
        );
      }
      return 'restore the newer data, then run `orderstream recover continue`; if it is gone, see docs/backup.md';
    case 'eventsMadeAnew':
    case 'outcomesCut':
      return `\`orderstream recover republish --partition ${partition}\` publishes them again`;
  }
}
