export { createRedis, type Redis, type RedisClient, type RedisOptions, type RedisScript } from './redis.ts';
