/**
 * What one customer may do to one receiving host: a number of concurrent posts, and a pause after several
 * failures in a row. Both belong to host and customer together. If customers shared them, one whose receiver
 * is slow or fails would delay the posts of all others to that host. All customers share the mail server as
 * one host; there, customers take turns.
 */
import type { Clock } from '../../shared/clock/index.ts';
import type { AttemptResult } from '../delivery/attempt.ts';
import { createCircuits, type Judgement } from './circuits.ts';
import { createFairGate, type FairGate } from './fair-gate.ts';

export interface HostLimits {
  /** Maximum number of concurrent requests of one customer to one host. */
  concurrencyMax: number;
  /** Posts that may wait behind them, so that the next one is already fetched. */
  waitingMax: number;
  /** Failures in a row that open a circuit. */
  failuresInRow: number;
  /** How long an open circuit refuses all posts; then one post is tried. */
  openMs: number;
  /** Concurrent mails: one for each connection to the mail server. */
  mailsMax: number;
}

/** Where a post goes, and for which customer. */
export interface Target {
  channel: 'webhook' | 'email';
  host: string;
  customerId: string;
}

/** Circuits with failures that are kept in memory. */
const keptMax = 10_000;
/** A customer has a quarter of the connections to the mail server, and as many waiting mails. */
const mailShare = 0.25;
/** Mails in this process per connection; a customer's excess mails go back to the table. */
const mailsPerConnection = 10;
/**
 * A refused mail is retried after this time, and later the more mails of its customer were refused before it.
 */
const turnedAwayMs = { first: 500, each: 50, most: 30_000 };

export interface Hosts {
  /** How many posts may be submitted now. */
  room(target: Target): number;
  /**
   * Runs one attempt when its turn comes. A failure of the host counts against it. Returns `postponed`
   * without an attempt if the circuit opened meanwhile, if `isLate` reports that the turn came too late, or
   * if too many wait.
   */
  run(target: Target, attempt: () => Promise<AttemptResult>, isLate: () => boolean): Promise<AttemptResult>;
  openBreakers(): number;
}

export function createHosts(limits: HostLimits, clock: Clock): Hosts {
  const { concurrencyMax, waitingMax, openMs, mailsMax } = limits;
  const circuits = createCircuits({ ...limits, keptMax }, clock);
  const mailsEach = Math.max(1, Math.floor(mailsMax * mailShare));
  const webhooks = createFairGate({
    slotsInAll: Number.POSITIVE_INFINITY,
    slotsEach: concurrencyMax,
    waitingEach: waitingMax,
  });
  const mails = createFairGate({ slotsInAll: mailsMax, slotsEach: mailsEach, waitingEach: mailsEach });
  const gateOf = ({ channel }: Target): FairGate => (channel === 'email' ? mails : webhooks);
  const postponed = (delayMs: number): AttemptResult => ({ kind: 'postponed', delayMs });

  return {
    room(target) {
      // The customer of a mail is known only after the fetch; before it, only the total can be bounded.
      if (target.channel === 'email') return Math.max(0, mailsPerConnection * mailsMax - mails.size());
      const key = keyOf(target);
      const state = circuits.stateOf(key);
      const room = webhooks.room(key);
      if (state === 'closed') return room;
      return state === 'trial' && room === concurrencyMax + waitingMax ? 1 : 0;
    },
    async run(target, attempt, isLate) {
      const key = keyOf(target);
      const turn = await gateOf(target).run(key, async () => {
        if (isLate()) return postponed(0);
        return (await circuits.run(key, attempt, judge)) ?? postponed(openMs);
      });
      if ('done' in turn) return turn.done;
      const { first, each, most } = turnedAwayMs;
      return postponed(Math.min(most, first + each * turn.turnedAway));
    },
    openBreakers: () => circuits.open(),
  };
}

function keyOf({ host, customerId }: Target): string {
  return `${host} ${customerId}`;
}

function judge(result: AttemptResult): Judgement {
  if (result.kind === 'postponed' || result.kind === 'dropped') return 'unknown';
  return result.kind === 'failed' && result.hostTrouble ? 'trouble' : 'well';
}
