/**
 * How a worker's process is started. Records wait in lanes just long enough to be promoted to the old generation, so
 * that without a bound V8 lets some 200 MB of dead ones pile up; live are about 50 MB at full load. The young
 * generation holds the garbage of a batch, and two malloc arenas keep what freed buffers leave behind small.
 */
export const workerProcessEnv = {
  NODE_OPTIONS: '--max-old-space-size=160 --max-semi-space-size=16',
  MALLOC_ARENA_MAX: '2',
} as const;
