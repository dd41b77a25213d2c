/** The limits of sending. Those that follow a live setting are read again at each use. */
import type { ServiceContext } from '../shared/lifecycle/index.ts';
import { type fields, retryDelaysMs } from './config.ts';
import type { SenderLimits } from './delivery/sender-types.ts';
import { mailConnectionsMax } from './mail/mailer.ts';
import type { HostLimits } from './receivers/hosts.ts';

type Context = ServiceContext<typeof fields>;

/** The maximum share of the deliveries in flight that belongs to one customer. */
const customerShare = 0.25;
/** Maximum number of receivers in one lease transaction. */
const leaseReceiversMax = 50;
/** Number of deliveries fetched ahead, per concurrent post of a host. */
const waitingPerPost = 4;
/** How often the sender searches the table for deliveries that became due or that another sender left. */
const sweepMs = 500;
/** A lease lasts two attempts plus this time, which suffices to write a result. */
const leaseMarginMs = 10_000;

/** The limits of each receiving host. */
export function hostLimitsOf(
  { hostFailuresInRow, hostRestMs }: Context['config'],
  live: Context['live'],
): HostLimits {
  return {
    failuresInRow: hostFailuresInRow,
    openMs: hostRestMs,
    mailsMax: mailConnectionsMax,
    get concurrencyMax() {
      return live.now.hostConcurrencyMax;
    },
    get waitingMax() {
      return waitingPerPost * live.now.hostConcurrencyMax;
    },
  };
}

/** The limits of the sender in this process. */
export function senderLimitsOf(
  { webhookTimeoutMs, webhookRetryDelays }: Context['config'],
  live: Context['live'],
): SenderLimits {
  return {
    get inFlightMax() {
      return live.now.inFlightMax;
    },
    get customerInFlightMax() {
      return Math.max(1, Math.floor(live.now.inFlightMax * customerShare));
    },
    receiversMax: leaseReceiversMax,
    sweepMs,
    leaseMs: 2 * webhookTimeoutMs + leaseMarginMs,
    attemptMaxMs: webhookTimeoutMs,
    retryDelaysMs: retryDelaysMs(webhookRetryDelays),
  };
}
