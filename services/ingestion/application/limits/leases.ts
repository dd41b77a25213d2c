/**
 * Leases of orders from the callers' buckets in Redis. All requests of one turn of the event loop go out in one
 * call. Many new callers then cost one round trip together.
 */
import type { Redis } from '../../../shared/redis/index.ts';

interface LeaseRequest {
  readonly callerId: string;
  /** Requested orders. */
  readonly want: number;
  /** The minimum. If the bucket has fewer orders, the lease grants none. */
  readonly need: number;
}

interface Lease {
  readonly granted: number;
  /** Number of orders that the bucket still has. */
  readonly left: number;
}

export interface Leases {
  /** Null when Redis is unavailable, late, or returns an invalid lease. Never rejects. */
  take(request: LeaseRequest): Promise<Lease | null>;
}

/** The rate of one caller. The members may be getters, because they are read at each use. */
export interface RateLimits {
  readonly ordersPerSecond: number;
  readonly burstOrders: number;
}

export interface LeasesDeps {
  readonly redis: Pick<Redis, 'run' | 'script'>;
  readonly limits: RateLimits;
}

interface WaitingRequest extends LeaseRequest {
  readonly resolve: (lease: Lease | null) => void;
}

/** Maximum buckets of one call. Such a call blocks Redis for about a millisecond. */
const bucketsMax = 200;

/**
 * KEYS: buckets; ARGV: rate and burst, then want and need of each. Returns granted and left of each, in turn.
 */
const leaseAll = `
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local answer = {}
for i, key in ipairs(KEYS) do
  local want, need = tonumber(ARGV[2 * i + 1]), tonumber(ARGV[2 * i + 2])
  local was = redis.call('HMGET', key, 'n', 'at')
  local tokens = tonumber(was[1]) or burst
  local at = tonumber(was[2]) or now
  tokens = math.min(burst, tokens + math.max(0, now - at) * rate / 1000)
  local granted = math.max(0, math.min(want, math.floor(tokens)))
  if granted < need then granted = 0 end
  redis.call('HSET', key, 'n', tostring(tokens - granted), 'at', now)
  redis.call('PEXPIRE', key, math.ceil(burst / rate * 1000) + 1000)
  answer[2 * i - 1] = granted
  answer[2 * i] = math.max(0, math.floor(tokens - granted))
end
return answer`;

export function createLeases({ redis, limits }: LeasesDeps): Leases {
  const script = redis.script(leaseAll);
  let waiting: WaitingRequest[] = [];

  const ask = async (asked: readonly WaitingRequest[]): Promise<void> => {
    const keys = asked.map(({ callerId }) => `os:rate:{${callerId}}`);
    const each = asked.flatMap(({ want, need }) => [want, need]);
    const leases = await redis.run(
      async (client) =>
        readLeases(await script(client, keys, [limits.ordersPerSecond, limits.burstOrders, ...each]), asked),
      null,
    );
    for (let i = 0; i < asked.length; i++) asked[i]!.resolve(leases?.[i] ?? null);
  };

  const flush = (): void => {
    const all = waiting;
    waiting = [];
    for (let from = 0; from < all.length; from += bucketsMax) void ask(all.slice(from, from + bucketsMax));
  };

  return {
    take: (request) =>
      new Promise((resolve) => {
        if (waiting.length === 0) setImmediate(flush);
        waiting.push({ ...request, resolve });
      }),
  };
}

/** Throws for an invalid response of the script. Such a response counts as a failure of Redis, not as a lease. */
function readLeases(answer: unknown, asked: readonly LeaseRequest[]): Lease[] {
  if (!Array.isArray(answer) || answer.length !== 2 * asked.length)
    throw new Error('Redis returned an invalid list of leases');
  return asked.map(({ want, need }, i) => {
    const [granted, left] = [answer[2 * i], answer[2 * i + 1]];
    const isLease =
      isCount(granted) && isCount(left) && granted <= want && (granted === 0 || granted >= need);
    if (!isLease) throw new Error('Redis returned an impossible lease');
    return { granted, left };
  });
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
