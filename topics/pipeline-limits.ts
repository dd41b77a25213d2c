/** Limits of the worker that other services rely on. */

/** The highest value that an operator can give BATCH_ORDERS_MAX. */
export const batchCommandsMax = 2_000;

/** Maximum number of committed batches of one partition whose outcomes are not acknowledged yet. */
export const unpublishedBatchesMax = 4;

/** Maximum number of decided commands of one partition whose outcomes are not published yet. */
export const decidedAheadMax = unpublishedBatchesMax * batchCommandsMax;
