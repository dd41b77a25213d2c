/**
 * Limits the posts of one customer to one receiving host. The number of concurrent posts is bounded, and posts
 * pause after several failures in a row. Each pair of host and customer has its own limits. Otherwise one
 * customer with a slow receiver would delay the posts of all others to that host. All customers share the mail
 * server as one host. There, customers take turns.
 */
import type { Clock } from '../../shared/clock/index.ts';
import type { AttemptResult } from '../delivery/attempt.ts';
import { createCircuits, type Judgement } from './circuits.ts';
import { createFairGate, type FairGate } from './fair-gate.ts';

export interface HostLimits {
  /** Maximum number of concurrent requests of one customer to one host. Read for each request. */
  concurrencyMax: number;
  /** Further posts that may wait, so that the next one is already fetched. */
  waitingMax: number;
  /** Failures in a row that open a circuit. */
  failuresInRow: number;
  /** How long an open circuit refuses all posts; then one post is tried. */
  openMs: number;
  /** Maximum number of concurrent mails: one for each connection to the mail server. */
  mailsMax: number;
}

/** The receiving host and the customer of a post. */
export interface Target {
  channel: 'webhook' | 'email';
  host: string;
  customerId: string;
}

/** Maximum number of circuits with failures in memory. */
const keptMax = 10_000;
/** A customer has a quarter of the connections to the mail server, and as many waiting mails. */
const mailShare = 0.25;
/** Mails that this process holds at most, per connection to the mail server. */
const mailsPerConnection = 10;
/**
 * The delay of a mail for which the queue has no room. The delay grows with each refused mail of the same
 * customer.
 */
const turnedAwayMs = { first: 500, each: 50, most: 30_000 };

export interface Hosts {
  /** Number of posts that may be submitted now. */
  room(target: Target): number;
  /**
   * Runs one attempt when its turn comes, and counts a failure of the host. Returns `postponed` without an
   * attempt in three cases: the circuit is open, `isLate` returns true, or the queue is full.
   */
  run(target: Target, attempt: () => Promise<AttemptResult>, isLate: () => boolean): Promise<AttemptResult>;
  openBreakers(): number;
}

export function createHosts(limits: HostLimits, clock: Clock): Hosts {
  const { failuresInRow, openMs, mailsMax } = limits;
  const circuits = createCircuits({ failuresInRow, openMs, keptMax }, clock);
  const mailsEach = Math.max(1, Math.floor(mailsMax * mailShare));
  const webhooks = createFairGate({
    slotsInAll: Number.POSITIVE_INFINITY,
    get slotsEach() {
      return limits.concurrencyMax;
    },
    get waitingEach() {
      return limits.waitingMax;
    },
  });
  const mails = createFairGate({ slotsInAll: mailsMax, slotsEach: mailsEach, waitingEach: mailsEach });
  const gateOf = ({ channel }: Target): FairGate => (channel === 'email' ? mails : webhooks);
  const postponed = (delayMs: number): AttemptResult => ({ kind: 'postponed', delayMs });

  return {
    room(target) {
      // The customer of a mail is known only after the fetch, so this limits the total number of mails.
      if (target.channel === 'email') return Math.max(0, mailsPerConnection * mailsMax - mails.size());
      const key = keyOf(target);
      const state = circuits.stateOf(key);
      const room = webhooks.room(key);
      if (state === 'closed') return room;
      return state === 'trial' && room === limits.concurrencyMax + limits.waitingMax ? 1 : 0;
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
