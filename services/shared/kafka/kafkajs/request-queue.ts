import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

/** How often the queue checks waiting requests for a free slot. The value is kafkajs's own. */
const checkPendingIntervalMs = 10;

/**
 * Replaces a method of kafkajs's request queue. That method re-arms a timer with a negative delay for ever, on
 * every idle connection (tulios/kafkajs#1556, #1704, #1751). The fixes #1667 and #1768 are not merged. Our
 * method arms a timer only while requests wait. You can call this function any number of times.
 */
export function calmRequestQueues(): void {
  RequestQueue.prototype.scheduleCheckPendingRequests = scheduleOnlyWhilePending;
}

function scheduleOnlyWhilePending(this: InstanceType<typeof RequestQueue>): void {
  if (this.pending.length === 0 || this.throttleCheckTimeoutId !== null) return;
  const delayMs = Math.max(this.throttledUntil - Date.now(), checkPendingIntervalMs);
  this.throttleCheckTimeoutId = setTimeout(() => {
    this.throttleCheckTimeoutId = null;
    this.checkPendingRequests();
  }, delayMs);
}
