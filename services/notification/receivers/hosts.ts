/**
 * What one customer may do to one receiving host: so many posts at once, and none for a while after several failures in a
 * row. Both belong to host and customer together. If customers shared them, one whose receiver is slow or fails would
 * delay the posts of all others to that host. The mail server is one host for everybody: there, customers take turns.
 */
import type { Clock } from '../../shared/clock/index.ts';
import type { AttemptResult } from '../delivery/attempt.ts';
import { createCircuits, type Judgement } from './circuits.ts';
import { createFairGate, type FairGate } from './fair-gate.ts';

export interface HostLimits {
  /** Maximum number of concurrent requests of one customer to one host. */
  concurrencyMax: number;
  /** Posts that may wait for their turn behind them, so that the next one need not be fetched first. */
  waitingMax: number;
  /** Failures in a row that open a circuit. */
  failuresInRow: number;
  /** How long an open circuit lets nothing through; then one post tries. */
  openMs: number;
  /** Mails at the same time: one for each connection to the mail server. */
  mailsMax: number;
}

/** Where a post goes, and on whose behalf. */
export interface Target {
  channel: 'webhook' | 'email';
  host: string;
  customerId: string;
}

/** Circuits with failures that are kept. */
const keptMax = 10_000;
/** A customer has a quarter of the connections to the mail server, and as many mails again that wait. */
const mailShare = 0.25;
/** Mails in hand, for each connection; what one customer has too many of goes back to the table meanwhile. */
const mailsPerConnection = 10;
/** A mail that is turned away comes back after this, and later the more of its customer were turned away before it. */
const turnedAwayMs = { first: 500, each: 50, most: 30_000 };

export interface Hosts {
  /** How many posts may be handed over now. */
  room(target: Target): number;
  /**
   * Runs one try when its turn comes; a try that fails by the host's fault counts against it. `postponed` without a
   * try where the circuit has opened meanwhile, where `isLate` says that the turn came too late, and where too many wait.
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
      // Whose mails are due is known once they are fetched; only how many are in hand can be said before.
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
