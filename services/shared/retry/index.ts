export { type Backoff, backoff } from './backoff.ts';
export { type RetryOptions, retry } from './retry.ts';
export { sleep } from './sleep.ts';
export { startTimeout } from './start-timeout.ts';
