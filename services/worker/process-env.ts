/**
 * The environment of a worker process. Records stay in lanes just long enough to reach the old generation of V8.
 * Without a limit, some 200 MB of garbage collect there. At full load only about 50 MB are live. The young generation
 * is large enough for the garbage of one batch. Two malloc arenas keep the fragmentation from freed buffers small.
 */
export const workerProcessEnv = {
  NODE_OPTIONS: '--max-old-space-size=160 --max-semi-space-size=16',
  MALLOC_ARENA_MAX: '2',
} as const;
