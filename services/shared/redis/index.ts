export {
  createOrderStatuses,
  type OrderStatusEntry,
  orderStatusKey,
} from './order-status.ts';
export { createRedis, type Redis, type RedisClient } from './redis.ts';
export { parseRedisUrl } from './target.ts';
