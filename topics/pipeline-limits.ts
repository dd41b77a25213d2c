/** Limits of the worker that other services rely on. */

/** The highest value that an operator can give BATCH_ORDERS_MAX. */
export const batchCommandsMax = 2_000;

/** Batches of one partition that may be committed while their outcomes are not acknowledged yet. */
export const unpublishedBatchesMax = 4;

/** Commands of one partition that may be decided while their outcomes are not published yet. */
export const decidedAheadMax = unpublishedBatchesMax * batchCommandsMax;
