/** Runs one step of a refund: calls the provider, and appends the result to the command log. */
import type {
  FoundRefund,
  MadeRefund,
  PaymentCommand,
  PaymentProvider,
  RefundResult,
} from '../../shared/payment-provider/index.ts';
import { recordRefundCommand } from '../../shared/payment-provider/index.ts';
import { askAgainAtMs, checkAgainAtMs, isProof, retryAtMs } from './plan.ts';
import type { LeasedRefund, Settlement } from './refund-queue.ts';

export type RefundCaller = Pick<PaymentProvider, 'name' | 'refund' | 'findRefund'>;

export interface PerformDeps {
  /** Null when all in-sync replicas have the command, otherwise the reason why it may not be in the log. */
  readonly append: (command: PaymentCommand) => Promise<string | null>;
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly retryMinMs: number;
  /** Counts one answer of the provider. */
  readonly onCall: (call: 'refund' | 'find', result: RefundResult['status'] | FoundRefund['status']) => void;
  /** Counts one result that is in the log. */
  readonly onResult: (result: 'succeeded' | 'failed' | 'given_up') => void;
}

const noRefund = 'the provider has no refund of this key';

type Finding =
  | { readonly kind: 'made'; readonly refund: MadeRefund }
  /** There is no refund of this key. `code` is the provider's reason for its refusal. */
  | { readonly kind: 'none'; readonly code: string | null }
  /** The provider had it before. */
  | { readonly kind: 'lost' }
  | { readonly kind: 'unknown'; readonly reason: string };

/** Runs the step of a leased refund. Returns what the queue has to store. Rejects only for a fault of the code. */
export async function perform(
  deps: PerformDeps,
  provider: RefundCaller,
  leased: LeasedRefund,
): Promise<Settlement> {
  const finding = await ask(deps, provider, leased);
  switch (finding.kind) {
    case 'unknown':
      return retry(deps, leased, finding.reason);
    case 'lost':
      return afterLoss(deps, leased);
    case 'made':
      if (finding.refund.status === 'pending')
        return { state: 'PENDING', dueAtMs: askAgainAtMs(deps.nowMs()), error: null };
      return tell(deps, provider, leased, finding.refund);
    case 'none':
      return tellFailed(deps, provider, leased, finding.code);
  }
}

async function ask(deps: PerformDeps, provider: RefundCaller, leased: LeasedRefund): Promise<Finding> {
  const { step, earlierAtMs } = leased;
  if (step === 'refund') return call(deps, provider, leased);
  const found = await find(deps, provider, leased);
  if (found.status !== 'none') return findingOf(found);
  if (step === 'findThenRefund') return call(deps, provider, leased);
  if (step === 'find') return { kind: 'lost' };
  return isProof(earlierAtMs, deps.nowMs())
    ? { kind: 'none', code: null }
    : { kind: 'unknown', reason: noRefund };
}

/** A refusal says only that this call made no refund. Whether an earlier one did is asked. */
async function call(deps: PerformDeps, provider: RefundCaller, leased: LeasedRefund): Promise<Finding> {
  const result = await provider.refund(leased.refund);
  deps.onCall('refund', result.status);
  if (result.status !== 'refused') return findingOf(result);
  const found = await find(deps, provider, leased);
  if (found.status !== 'none') return findingOf(found);
  return isProof(leased.earlierAtMs, deps.nowMs())
    ? { kind: 'none', code: result.code }
    : { kind: 'unknown', reason: result.reason };
}

async function find(
  deps: PerformDeps,
  provider: RefundCaller,
  { refund }: LeasedRefund,
): Promise<FoundRefund> {
  const found = await provider.findRefund(refund.refundId, refund.providerPaymentId);
  deps.onCall('find', found.status);
  return found;
}

function findingOf(
  answer: Exclude<RefundResult, { status: 'refused' }> | Exclude<FoundRefund, { status: 'none' }>,
): Finding {
  return answer.status === 'unknown'
    ? { kind: 'unknown', reason: answer.reason }
    : { kind: 'made', refund: answer };
}

/** The command of a callback about the same result has the same id. */
async function tell(
  deps: PerformDeps,
  { name }: RefundCaller,
  leased: LeasedRefund,
  { status, providerRefundId, failureCode, amount, currency }: MadeRefund,
): Promise<Settlement> {
  const { orderId, refundId } = leased.refund;
  const succeeded = status === 'succeeded';
  const command = recordRefundCommand(
    {
      ...{ provider: name, orderId, refundId, providerRefundId, amount, currency },
      ...{ providerEventId: `answer:${providerRefundId}`, succeeded, failureCode },
    },
    deps.nowMs(),
  );
  return append(deps, leased, command, succeeded ? 'succeeded' : 'failed');
}

/** `code` is the provider's reason for its refusal; null if the refund is given up without an answer. */
async function tellFailed(
  deps: PerformDeps,
  { name }: RefundCaller,
  leased: LeasedRefund,
  code: string | null,
): Promise<Settlement> {
  const { orderId, refundId, amount, currency } = leased.refund;
  const command = recordRefundCommand(
    {
      ...{ provider: name, orderId, refundId, providerRefundId: null, amount, currency },
      ...{ providerEventId: `none:${refundId}`, succeeded: false, failureCode: code },
    },
    deps.nowMs(),
  );
  return append(deps, leased, command, code === null ? 'given_up' : 'failed');
}

async function append(
  deps: PerformDeps,
  leased: LeasedRefund,
  command: PaymentCommand,
  result: 'succeeded' | 'failed' | 'given_up',
): Promise<Settlement> {
  const problem = await deps.append(command);
  if (problem !== null) return retry(deps, leased, problem);
  deps.onResult(result);
  return { state: 'TOLD', dueAtMs: checkAgainAtMs(leased.attempt, deps.nowMs()), error: null };
}

/** A pending refund is called again. A result in the log may be a failure, so a call could pay after it. */
function afterLoss(deps: PerformDeps, leased: LeasedRefund): Settlement {
  if (leased.attempt.state === 'PENDING') return { ...retry(deps, leased, noRefund), state: 'OPEN' };
  return { state: 'TOLD', dueAtMs: checkAgainAtMs(leased.attempt, deps.nowMs()), error: noRefund };
}

/** A refund that the provider once had stays in its state. The service only looks it up again. */
function retry(deps: PerformDeps, { attempt }: LeasedRefund, reason: string): Settlement {
  const dueAtMs = retryAtMs(attempt, deps.nowMs(), deps.retryMinMs, deps.random());
  return { state: attempt.state, dueAtMs, error: reason };
}
