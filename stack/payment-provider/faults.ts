/** The planned faults of the provider, as shares from 0 (never) to 1 (always). */
import Type, { type Static } from 'typebox';

const Share = Type.Number({ minimum: 0, maximum: 1 });
const Delay = Type.Integer({ minimum: 0, maximum: 86_400_000 });

export const FaultsBody = Type.Partial(
  Type.Object(
    {
      /** Calls that get 500; nothing is done. */
      errors: Share,
      /** Calls that are carried out and whose connection ends without a response. */
      lostAnswers: Share,
      /** Calls that are never answered; nothing is done. */
      hangs: Share,
      /** Callbacks that are sent two or three times. */
      duplicates: Share,
      /** Callbacks that wait up to `disorderMs`, so that later ones overtake them. */
      disorder: Share,
      disorderMs: Delay,
      /** Payments that are captured `lateMs` after the customer paid. */
      latePayments: Share,
      lateMs: Delay,
      /** Refunds that are pending for `settleMs`. */
      pendingRefunds: Share,
      /** Refunds that fail. */
      failedRefunds: Share,
      /** Refunds that succeed and fail after `settleMs`. */
      failuresAfterSuccess: Share,
      settleMs: Delay,
      /** How long an idempotency key of a refund is known. Later it makes another refund. */
      keyMemoryMs: Type.Integer({ minimum: 0, maximum: 30 * 86_400_000 }),
    },
    { additionalProperties: false },
  ),
);

export type Faults = Required<Static<typeof FaultsBody>>;

export const noFaults: Faults = {
  errors: 0,
  lostAnswers: 0,
  hangs: 0,
  duplicates: 0,
  disorder: 0,
  disorderMs: 1_000,
  latePayments: 0,
  lateMs: 5_000,
  pendingRefunds: 0,
  failedRefunds: 0,
  failuresAfterSuccess: 0,
  settleMs: 2_000,
  keyMemoryMs: 86_400_000,
};
