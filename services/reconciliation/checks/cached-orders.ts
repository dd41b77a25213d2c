/** What Redis says about orders, compared with their rows. */
import { orderStatusKey, type Redis } from '../../shared/redis/index.ts';
import type { RowState } from './order-rows.ts';

export interface CachedOrder {
  version: number;
  /** null if only the version is cached. */
  status: string | null;
}

/** The entries that may differ from these rows, by order id; null if Redis is down. */
export type ReadCache = (
  rows: readonly Pick<RowState, 'orderId' | 'version' | 'status'>[],
) => Promise<Map<string, CachedOrder> | null>;

/**
 * KEYS: orders; ARGV: version and status of each row. Returns place, version and body of each entry that may differ.
 * An entry agrees without doubt if its version is the same, and its body is empty. It also agrees if the body has only
 * one status, and this is the same.
 */
const readDiffering = `
local found = {}
for i, key in ipairs(KEYS) do
  local entry = redis.pcall('HMGET', key, 'v', 'b')
  local version, body = entry[1], entry[2] or ''
  if version then
    local agrees = version == ARGV[2 * i - 1]
    if agrees and body ~= '' then
      local wanted = '"status":"' .. ARGV[2 * i] .. '"'
      local at = string.find(body, '"status":', 1, true)
      agrees = at and string.sub(body, at, at + #wanted - 1) == wanted
        and not string.find(body, '"status":', at + 1, true)
    end
    if not agrees then
      found[#found + 1] = i - 1
      found[#found + 1] = version
      found[#found + 1] = body
    end
  end
end
return found`;

/** One script reads many orders: a command for each, with its body, would cost this process several times as much. */
export function createCacheReader(redis: Pick<Redis, 'run' | 'script'>): ReadCache {
  const script = redis.script(readDiffering);
  return async (rows) => {
    if (rows.length === 0) return new Map();
    const keys = rows.map(({ orderId }) => orderStatusKey(orderId));
    const args = rows.flatMap(({ version, status }) => [version, status]);
    return redis.run(async (client) => {
      const found = (await script(client, keys, args)) as (number | string)[];
      const cached = new Map<string, CachedOrder>();
      for (let at = 0; at < found.length; at += 3) {
        const [place, version, body] = found.slice(at, at + 3);
        const { orderId } = rows[Number(place)]!;
        cached.set(orderId, { version: Number(version), status: statusOf(String(body)) });
      }
      return cached;
    }, null);
  };
}

function statusOf(body: string): string | null {
  try {
    const { status } = JSON.parse(body) as { status?: unknown };
    return typeof status === 'string' ? status : null;
  } catch {
    // An empty body means "read the database". The API also ignores all other unreadable bodies.
    return null;
  }
}
