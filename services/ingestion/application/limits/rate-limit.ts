/**
 * A token bucket per caller, counted in orders. The bucket is in Redis, and all instances share it. Each instance
 * leases blocks of orders, so that most orders cost no call. Without Redis every instance keeps a whole bucket
 * itself.
 */
import type { Clock } from '../../../shared/clock/index.ts';
import type { Redis } from '../../../shared/redis/index.ts';
import { type BoundedMap, createBoundedMap } from '../common/bounded-map.ts';
import { createLeases, type RateLimits } from './leases.ts';

export interface RateDecision {
  readonly allowed: boolean;
  /** Number of orders left now. */
  readonly remaining: number;
  /** Time until the requested cost is available; 0 when allowed. */
  readonly waitMs: number;
}

export interface RateLimiter {
  /** Takes `cost` orders, or none. Returns no promise while the lease lasts. */
  take(callerId: string, cost: number): RateDecision | Promise<RateDecision>;
  /** The refusal that `take` would return now for any cost, or null if that is unknown. It takes no orders. */
  denial(callerId: string): RateDecision | null;
  /** Time until `orders` more are available, in ms. */
  refillMs(orders: number): number;
  /** The limit of one caller. */
  readonly ordersPerSecond: number;
  readonly burstOrders: number;
}

export interface RateLimiterDeps {
  readonly redis: Pick<Redis, 'run' | 'script'>;
  readonly clock: Clock;
  readonly limits: RateLimits;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

interface Account {
  leased: number;
  leaseEndsMs: number;
  /** Number of orders that were left in Redis at the last lease. */
  left: number;
  deniedUntilMs: number;
  leasing: Promise<void> | null;
  readonly own: Bucket;
  redisAway: boolean;
}

const accountsMax = 20_000;
const leaseMs = 1_000;
const denialMinMs = 10;
/** Maximum lease calls that one request waits for before it is refused. */
const leaseRoundsMax = 4;

export function createRateLimiter({ redis, clock, limits }: RateLimiterDeps): RateLimiter {
  const leases = createLeases({ redis, limits });
  const accounts: BoundedMap<string, Account> = createBoundedMap(accountsMax);
  const blockOrders = () =>
    Math.max(1, Math.min(Math.floor(limits.ordersPerSecond / 10), Math.floor(limits.burstOrders / 10)));

  const accountOf = (callerId: string): Account => {
    const account = accounts.get(callerId) ?? newAccount(limits.burstOrders, clock.monotonicMs());
    // Set again each time, so that one-time callers never evict a frequent caller.
    accounts.set(callerId, account);
    return account;
  };

  const leaseMore = async (callerId: string, account: Account, need: number): Promise<void> => {
    const answer = await leases.take({ callerId, want: Math.max(need, blockOrders()), need });
    const nowMs = clock.monotonicMs();
    account.redisAway = answer === null;
    if (answer === null) return;
    const { granted, left } = answer;
    account.left = left;
    account.leased += granted;
    account.leaseEndsMs = nowMs + leaseMs;
    if (granted === 0) account.deniedUntilMs = nowMs + waitFor(need - left);
  };

  const waitFor = (missing: number): number =>
    Math.max(denialMinMs, Math.ceil((missing * 1000) / limits.ordersPerSecond));

  const takeLeased = (account: Account, cost: number): RateDecision | null => {
    const nowMs = clock.monotonicMs();
    if (nowMs >= account.leaseEndsMs) account.leased = 0;
    if (account.leased >= cost) {
      account.leased -= cost;
      return { allowed: true, remaining: account.leased + account.left, waitMs: 0 };
    }
    if (nowMs >= account.deniedUntilMs) return null;
    return {
      allowed: false,
      remaining: account.leased + account.left,
      waitMs: account.deniedUntilMs - nowMs,
    };
  };

  /**
   * The refusal of an account that has no orders here and recently failed to lease more. Null if it may have
   * orders.
   */
  const denialOf = (account: Account): RateDecision | null => {
    if (account.redisAway) {
      const { tokens } = refill(account.own, clock.monotonicMs(), limits.ordersPerSecond, limits.burstOrders);
      return tokens >= 1 ? null : { allowed: false, remaining: 0, waitMs: waitFor(1 - tokens) };
    }
    const nowMs = clock.monotonicMs();
    if (nowMs >= account.deniedUntilMs || (account.leased > 0 && nowMs < account.leaseEndsMs)) return null;
    return { allowed: false, remaining: account.left, waitMs: account.deniedUntilMs - nowMs };
  };

  const takeOwn = (account: Account, cost: number): RateDecision => {
    const own = refill(account.own, clock.monotonicMs(), limits.ordersPerSecond, limits.burstOrders);
    const allowed = own.tokens >= cost;
    if (allowed) own.tokens -= cost;
    return { allowed, remaining: Math.floor(own.tokens), waitMs: allowed ? 0 : waitFor(cost - own.tokens) };
  };

  const takeSlowly = async (callerId: string, account: Account, cost: number): Promise<RateDecision> => {
    for (let round = 0; round < leaseRoundsMax; round++) {
      account.leasing ??= leaseMore(callerId, account, cost - account.leased).finally(() => {
        account.leasing = null;
      });
      await account.leasing;
      if (account.redisAway) return takeOwn(account, cost);
      const decision = takeLeased(account, cost);
      if (decision !== null) return decision;
    }
    return { allowed: false, remaining: account.left, waitMs: waitFor(cost) };
  };

  return {
    get ordersPerSecond() {
      return limits.ordersPerSecond;
    },
    get burstOrders() {
      return limits.burstOrders;
    },
    refillMs: (orders) => Math.ceil((orders * 1000) / limits.ordersPerSecond),
    denial(callerId) {
      const account = accounts.get(callerId);
      return account === undefined ? null : denialOf(account);
    },
    take(callerId, cost) {
      const account = accountOf(callerId);
      return takeLeased(account, cost) ?? takeSlowly(callerId, account, cost);
    },
  };
}

function newAccount(burstOrders: number, nowMs: number): Account {
  return {
    leased: 0,
    leaseEndsMs: 0,
    left: burstOrders,
    deniedUntilMs: 0,
    leasing: null,
    own: { tokens: burstOrders, atMs: nowMs },
    redisAway: false,
  };
}

function refill(own: Bucket, nowMs: number, ordersPerSecond: number, burstOrders: number): Bucket {
  own.tokens = Math.min(burstOrders, own.tokens + ((nowMs - own.atMs) * ordersPerSecond) / 1000);
  own.atMs = nowMs;
  return own;
}
