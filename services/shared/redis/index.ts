export {
  createOrderStatuses,
  type OrderStatusEntry,
  type OrderStatuses,
  orderStatusKey,
} from './order-status.ts';
export { createRedis, type Redis, type RedisClient, type RedisOptions, type RedisScript } from './redis.ts';
export { parseRedisUrl } from './target.ts';
