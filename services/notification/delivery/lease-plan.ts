/**
 * Decides for which receivers the sender leases deliveries next, and how many. Hosts, customers and the process
 * have limits.
 */

import type { Target } from '../receivers/hosts.ts';
import type { LeaseRequest } from './delivery-queue.ts';
import type { Channel, SenderDeps } from './sender-types.ts';

/** The receivers that wait for a lease, and the limits that block them. The sender's loop owns this state. */
export interface Waiting {
  wanted: Set<string>;
  /**
   * Receivers without room, by the limit that they reached. When an attempt under this limit ends, they are
   * wanted again.
   */
  crowded: Map<string, Set<string>>;
  /** The end of the pause of each receiver that requested one. */
  restUntilMs: Map<string, number>;
  /** Attempts in flight by customer. */
  inFlightOf: Map<string, number>;
}

type PlanDeps = Pick<SenderDeps, 'queue' | 'channelOf' | 'hosts' | 'limits' | 'clock'>;

export function nobodyWaits(): Waiting {
  return { wanted: new Set(), crowded: new Map(), restUntilMs: new Map(), inFlightOf: new Map() };
}

/** The limits that apply to a receiver's posts. */
export function targetOf({ name: channel, host, customerId }: Channel): Target {
  return { channel, host, customerId };
}

export function tryBegan({ inFlightOf }: Waiting, { customerId }: Channel): void {
  add(inFlightOf, customerId, 1);
}

export function tryEnded({ wanted, crowded, inFlightOf }: Waiting, channel: Channel): void {
  add(inFlightOf, channel.customerId, -1);
  for (const full of [hostOf(channel), customerOf(channel)]) {
    for (const endpointId of crowded.get(full) ?? []) wanted.add(endpointId);
    crowded.delete(full);
  }
}

/** The name of a limit: a key of `crowded`, and of the room that a plan has used. */
const hostOf = ({ host, customerId }: Channel): string => `host ${host} ${customerId}`;
const customerOf = ({ customerId }: Channel): string => `customer ${customerId}`;

function add(counts: Map<string, number>, key: string, count: number): void {
  const sum = (counts.get(key) ?? 0) + count;
  if (sum === 0) counts.delete(key);
  else counts.set(key, sum);
}

export interface Plan {
  requests: LeaseRequest[];
  channels: Map<string, Channel>;
}

/**
 * Receivers without a channel are shelved one by one. A plan ends after this number, so that other receivers do
 * not wait.
 */
const shelvedMax = 20;

/** Decides how many deliveries to lease for each receiver. Paused receivers wait for a later sweep. */
export async function planLeases(
  deps: PlanDeps,
  { wanted, crowded, restUntilMs, inFlightOf }: Waiting,
  slots: number,
): Promise<Plan> {
  const requests: LeaseRequest[] = [];
  const channels = new Map<string, Channel>();
  const promised = new Map<string, number>();
  const nowMs = deps.clock.nowMs();
  let free = slots;
  let shelved = 0;
  for (const endpointId of wanted) {
    if (free <= 0 || requests.length >= deps.limits.receiversMax || shelved >= shelvedMax) break;
    const channel = (restUntilMs.get(endpointId) ?? 0) > nowMs ? null : await deps.channelOf(endpointId);
    if (channel === null || channel === 'paused') {
      wanted.delete(endpointId);
    } else if (typeof channel === 'string') {
      wanted.delete(endpointId);
      shelved += 1;
      await deps.queue.shelve(endpointId, channel === 'gone' ? 'DROPPED' : 'HELD', nowMs);
    } else {
      // Several endpoints may share a host or a customer, so the plan counts the room that it has used.
      const hostRoom = deps.hosts.room(targetOf(channel)) - (promised.get(hostOf(channel)) ?? 0);
      const customerRoom =
        deps.limits.customerInFlightMax -
        (inFlightOf.get(channel.customerId) ?? 0) -
        (promised.get(customerOf(channel)) ?? 0);
      const rowsMax = Math.min(hostRoom, customerRoom, free);
      if (rowsMax <= 0) {
        const full = hostRoom <= 0 ? hostOf(channel) : customerOf(channel);
        wanted.delete(endpointId);
        crowded.set(full, (crowded.get(full) ?? new Set()).add(endpointId));
        continue;
      }
      add(promised, hostOf(channel), rowsMax);
      add(promised, customerOf(channel), rowsMax);
      free -= rowsMax;
      channels.set(endpointId, channel);
      requests.push({ endpointId, rowsMax });
      // The receiver is removed before the query, because a hint during the query is about newer rows.
      wanted.delete(endpointId);
    }
  }
  return { requests, channels };
}
