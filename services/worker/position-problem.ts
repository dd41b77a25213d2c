/** Whether a lane's position fits the logs; pure, so that a worker and `orderstream recover` judge alike. */

/** What the tables and the logs say about one lane. Offsets are numbers below 2^53. */
export interface LaneFacts {
  readonly nextOffset: number;
  /** Range of the lane's partition of the command log. */
  readonly commands: { readonly low: number; readonly high: number };
  /** Committed offset of the workers' group, null where it has none. */
  readonly groupOffset: number | null;
  /** Source offset of the newest outcome in the log, null where there is none. */
  readonly lastSource: number | null;
}

export interface PositionProblem {
  readonly why: 'aheadOfLog' | 'behindLog' | 'behindGroup' | 'behindEvents';
  /** A sentence without its subject, the lane. */
  readonly message: string;
}

/** What does not fit between a lane's position and the logs; null when all is well. */
export function positionProblem(facts: LaneFacts): PositionProblem | null {
  const { nextOffset, commands, groupOffset, lastSource } = facts;
  if (nextOffset > commands.high) {
    const message = `its position ${nextOffset} lies beyond the log's end ${commands.high}: the command topic was cut or made anew`;
    return { why: 'aheadOfLog', message };
  }
  if (nextOffset < commands.low) {
    const message = `its position ${nextOffset} lies before the log's start ${commands.low}: undecided commands were deleted by retention`;
    return { why: 'behindLog', message };
  }
  if (groupOffset !== null && groupOffset > nextOffset) {
    const message = `its position ${nextOffset} lies behind the group's offset ${groupOffset}: the database has lost commits`;
    return { why: 'behindGroup', message };
  }
  if (lastSource !== null && lastSource >= nextOffset) {
    const message = `its position ${nextOffset} lies behind the published outcome of offset ${lastSource}: the database has lost commits`;
    return { why: 'behindEvents', message };
  }
  return null;
}
