/** Finds whether an idempotency key belongs to a submission, from memory or the database. */
import type { OrderSubmission } from './order-submission.ts';
import type { SubmitDeps } from './submit.ts';

/**
 * Whether the stored order of this key is the submitted order. Null while the database does not have the order or
 * does not respond.
 */
export type IsOrderOf = (submission: OrderSubmission) => Promise<boolean | null>;

/** Uses the remembered order if there is one. Otherwise it makes one lookup, which other requests share. */
export function createIsOrderOf({
  recent,
  findSubmissions,
}: Pick<SubmitDeps, 'recent' | 'findSubmissions'>): IsOrderOf {
  return async ({ orderId, fingerprint }) => {
    const known = recent.get(orderId);
    // Only results from the database have no epoch.
    if (known !== undefined && known.epoch === null) return known.fingerprint === fingerprint;
    const [stored] = await findSubmissions([orderId]);
    if (stored === null || stored === undefined) return null;
    recent.set(orderId, stored);
    return stored.fingerprint === fingerprint;
  };
}
