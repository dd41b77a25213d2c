/** The work of the provider: sessions, captures and refunds, and the events about them. */
import { randomBytes } from 'node:crypto';
import { currencies } from '../../services/domain/index.ts';
import type {
  CapturedData,
  DeclinedData,
  RefundBody,
  RefundData,
  SessionBody,
} from '../../services/shared/payment-provider/index.ts';
import type { PaymentRow, ProviderStore, RefundRow, SessionRow, TimerRow } from './store.ts';

/** A refusal that the caller can see: `status` is an HTTP status. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export interface PayInput {
  readonly result: 'paid' | 'declined' | 'failed';
  /** Minor units; null pays the amount of the session. */
  readonly amount: number | null;
  /** Number of captures that this one payment makes by mistake. */
  readonly times: number;
}

export interface ProviderDeps {
  readonly store: ProviderStore;
  readonly nowMs: () => number;
  /** From 0 to 1, as `Math.random`. */
  readonly random: () => number;
  /** Called when deliveries or timers may be due sooner than before. */
  readonly wake: () => void;
}

export type Provider = ReturnType<typeof createProvider>;

/** Twelve digits, as with many providers. */
const amountMax = 999_999_999_999;

export function createProvider(deps: ProviderDeps) {
  const { store, nowMs } = deps;
  const changed = <T>(work: () => T): T => {
    const result = store.atomically(work);
    deps.wake();
    return result;
  };
  return {
    /** Returns the session of this key, with the first body. */
    openSession: (body: SessionBody): { session: SessionRow; isNew: boolean } =>
      changed(() => openSession(deps, body)),
    findSession: (id: string): SessionRow => sessionOf(store, id),
    /** The customer pays, is declined, or gives up. Returns the ids of the payments. */
    pay: (sessionId: string, input: PayInput): string[] => changed(() => pay(deps, sessionId, input)),
    /** Money without a session, such as a bank transfer. Returns the id of the payment. */
    receive: (reference: string, amount: number, currency: string): string =>
      changed(() => makePayment(deps, { reference, amount, currency }, nowMs())),
    refund: (body: RefundBody): { refund: RefundRow; isNew: boolean } =>
      changed(() => makeRefund(deps, body)),
    /** Refunds of a payment; of this key, if it is given. */
    refundsOf: (payment: string, key: string | null): RefundRow[] =>
      store
        .all<RefundRow>('SELECT * FROM refunds WHERE payment_id = ? ORDER BY at_ms, id', payment)
        .filter((refund) => key === null || refund.key === key),
    /** Runs the timers that are due. */
    runTimers: (): void => runTimers(deps),
  };
}

function openSession({ store }: ProviderDeps, body: SessionBody): { session: SessionRow; isNew: boolean } {
  const known = store.one<SessionRow>('SELECT * FROM sessions WHERE key = ?', body.key);
  if (known !== null) return { session: known, isNew: false };
  const { key, reference, amount, currency, expiresAtMs, returnUrl } = body;
  if (!currencies.has(currency)) throw new Refusal(422, 'CURRENCY_UNKNOWN', `${currency} is not supported`);
  if (amount > amountMax) throw new Refusal(422, 'AMOUNT_TOO_LARGE', `an amount has at most 12 digits`);
  const id = newId('ses');
  store.run(
    "INSERT INTO sessions (id, key, reference, amount, currency, expires_at_ms, return_url, state) VALUES (?, ?, ?, ?, ?, ?, ?, 'open')",
    ...[id, key, reference, amount, currency, expiresAtMs, returnUrl],
  );
  startTimer(store, 'expire', id, expiresAtMs);
  return { session: sessionOf(store, id), isNew: true };
}

function sessionOf(store: ProviderStore, id: string): SessionRow {
  const session = store.one<SessionRow>('SELECT * FROM sessions WHERE id = ?', id);
  if (session === null) throw new Refusal(404, 'SESSION_UNKNOWN', 'there is no such session');
  return session;
}

function pay(deps: ProviderDeps, sessionId: string, { result, amount, times }: PayInput): string[] {
  const { store, nowMs, random } = deps;
  const session = sessionOf(store, sessionId);
  if (session.state !== 'open')
    throw new Refusal(409, `SESSION_${session.state.toUpperCase()}`, 'it takes no payment');
  if (nowMs() >= session.expires_at_ms)
    throw new Refusal(409, 'SESSION_EXPIRED', 'it takes no payment any more');
  const { reference, currency } = session;
  if (result !== 'paid') {
    const payment = result === 'declined' ? newId('pay') : null;
    const data: DeclinedData = {
      payment,
      reference,
      reason: result === 'declined' ? 'card_declined' : 'given_up',
    };
    if (result === 'failed') store.run("UPDATE sessions SET state = 'failed' WHERE id = ?", sessionId);
    announce(deps, result === 'declined' ? 'payment.declined' : 'session.failed', data);
    return payment === null ? [] : [payment];
  }
  store.run("UPDATE sessions SET state = 'paid' WHERE id = ?", sessionId);
  const { latePayments, lateMs } = store.faults();
  const atMs = nowMs() + (random() < latePayments ? lateMs : 0);
  return Array.from({ length: times }, () =>
    makePayment(deps, { reference, amount: amount ?? session.amount, currency }, atMs),
  );
}

function makePayment(
  deps: ProviderDeps,
  { reference, amount, currency }: Pick<PaymentRow, 'reference' | 'amount' | 'currency'>,
  atMs: number,
): string {
  const id = newId('pay');
  deps.store.run(
    "INSERT INTO payments (id, reference, amount, currency, status, at_ms) VALUES (?, ?, ?, ?, 'processing', ?)",
    ...[id, reference, amount, currency, atMs],
  );
  if (atMs <= deps.nowMs()) capture(deps, id);
  else startTimer(deps.store, 'capture', id, atMs);
  return id;
}

function capture(deps: ProviderDeps, id: string): void {
  const { store } = deps;
  store.run("UPDATE payments SET status = 'captured', at_ms = ? WHERE id = ?", deps.nowMs(), id);
  const { reference, amount, currency } = store.one<PaymentRow>('SELECT * FROM payments WHERE id = ?', id)!;
  const data: CapturedData = { payment: id, reference, amount, currency };
  announce(deps, 'payment.captured', data);
}

function makeRefund(deps: ProviderDeps, body: RefundBody): { refund: RefundRow; isNew: boolean } {
  const { store, nowMs, random } = deps;
  const { key, payment: paymentId, amount, currency } = body;
  const faults = store.faults();
  const known = knownRefund(store, body, nowMs() - faults.keyMemoryMs);
  if (known !== null) return { refund: known, isNew: false };
  const payment = store.one<PaymentRow>(
    "SELECT * FROM payments WHERE id = ? AND status = 'captured'",
    paymentId,
  );
  if (payment === null) throw new Refusal(404, 'PAYMENT_UNKNOWN', 'there is no such payment');
  if (payment.currency !== currency)
    throw new Refusal(422, 'CURRENCY_DIFFERS', `it was paid in ${payment.currency}`);
  const { refunded } = store.one<{ refunded: number }>(
    "SELECT COALESCE(SUM(amount), 0) AS refunded FROM refunds WHERE payment_id = ? AND status <> 'failed'",
    paymentId,
  )!;
  if (refunded + amount > payment.amount)
    throw new Refusal(422, 'REFUND_TOO_LARGE', `${payment.amount - refunded} can be refunded`);
  const id = newId('re');
  store.run(
    "INSERT INTO refunds (id, key, payment_id, reference, amount, currency, status, at_ms) VALUES (?, ?, ?, ?, ?, ?, 'pending', ?)",
    ...[id, key, paymentId, payment.reference, amount, currency, nowMs()],
  );
  if (random() < faults.pendingRefunds) startTimer(store, 'settle', id, nowMs() + faults.settleMs);
  else settle(deps, id);
  return { refund: refundOf(store, id), isNew: true };
}

/** An expired key counts as a new one, as with real providers. */
function knownRefund(
  store: ProviderStore,
  { key, payment, amount, currency }: RefundBody,
  sinceMs: number,
): RefundRow | null {
  if (key === null) return null;
  const known = store.one<RefundRow>(
    'SELECT * FROM refunds WHERE payment_id = ? AND key = ? AND at_ms > ? ORDER BY at_ms DESC LIMIT 1',
    ...[payment, key, sinceMs],
  );
  if (known !== null && (known.amount !== amount || known.currency !== currency))
    throw new Refusal(409, 'KEY_REUSED', 'another refund has this key');
  return known;
}

function settle(deps: ProviderDeps, id: string): void {
  const { store, random, nowMs } = deps;
  const { failedRefunds, failuresAfterSuccess, settleMs } = store.faults();
  const isFailed = random() < failedRefunds;
  endRefund(deps, id, isFailed ? 'failed' : 'succeeded');
  if (!isFailed && random() < failuresAfterSuccess) startTimer(store, 'fail', id, nowMs() + settleMs);
}

function endRefund(deps: ProviderDeps, id: string, status: 'succeeded' | 'failed'): void {
  const { store } = deps;
  store.run('UPDATE refunds SET status = ? WHERE id = ?', status, id);
  const refund = refundOf(store, id);
  const { key, payment_id: payment, reference, amount, currency } = refund;
  const reason = failureReasonOf(refund);
  const data: RefundData = { refund: id, reason, key, payment, reference, amount, currency };
  announce(deps, `refund.${status}`, data);
}

/** Null while the refund has not failed. */
export function failureReasonOf({ status }: RefundRow): string | null {
  return status === 'failed' ? 'account_closed' : null;
}

function refundOf(store: ProviderStore, id: string): RefundRow {
  return store.one<RefundRow>('SELECT * FROM refunds WHERE id = ?', id)!;
}

function startTimer(store: ProviderStore, kind: TimerRow['kind'], target: string, atMs: number): void {
  store.run('INSERT INTO timers (at_ms, kind, target) VALUES (?, ?, ?)', atMs, kind, target);
}

const timersPerTurn = 100;

function runTimers(deps: ProviderDeps): void {
  const { store, nowMs } = deps;
  const due = store.all<TimerRow>(
    'SELECT * FROM timers WHERE at_ms <= ? ORDER BY at_ms, id LIMIT ?',
    nowMs(),
    timersPerTurn,
  );
  for (const { id, kind, target } of due) {
    store.atomically(() => {
      store.run('DELETE FROM timers WHERE id = ?', id);
      if (kind === 'capture') capture(deps, target);
      else if (kind === 'settle') settle(deps, target);
      else if (kind === 'fail') endRefund(deps, target, 'failed');
      else expire(deps, target);
    });
  }
}

function expire(deps: ProviderDeps, id: string): void {
  const { reference, state } = sessionOf(deps.store, id);
  if (state !== 'open') return;
  deps.store.run("UPDATE sessions SET state = 'expired' WHERE id = ?", id);
  announce(deps, 'session.expired', { payment: null, reference, reason: 'expired' } satisfies DeclinedData);
}

/** Stores the callback of an event, perhaps several times and perhaps for later. */
function announce({ store, nowMs, random }: ProviderDeps, type: string, data: object): void {
  const { duplicates, disorder, disorderMs } = store.faults();
  const eventId = newId('evt');
  const body = JSON.stringify({ id: eventId, type, data });
  const copies = random() < duplicates ? 2 + Math.floor(random() * 2) : 1;
  for (let i = 0; i < copies; i++) {
    const waitMs = random() < disorder ? Math.ceil(random() * disorderMs) : 0;
    store.run(
      'INSERT INTO deliveries (event_id, body, due_at_ms, created_at_ms) VALUES (?, ?, ?, ?)',
      ...[eventId, body, nowMs() + waitMs, nowMs()],
    );
  }
}

function newId(prefix: string): string {
  return `${prefix}_${randomBytes(12).toString('hex')}`;
}
