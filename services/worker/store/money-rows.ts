/** Writes the rows of payments and refunds. */
import { type Decision, type KnownRefund, paymentKey } from '../../domain/index.ts';
import { orderKeyOf } from '../../orders-db/index.ts';
import type { StatementBuffer } from '../../shared/mysql/index.ts';

/**
 * Writes the insert of new payments. `nowMs` is the time of the batch. They are sorted by their unique key. So two lanes with the same payments do not deadlock.
 * If another lane has committed one of them, the statement fails with a duplicate key.
 */
export function layOutPayments(
  buffer: StatementBuffer,
  { newPayments, paymentSources }: Pick<Decision, 'newPayments' | 'paymentSources'>,
  nowMs: number,
): void {
  const columns =
    'order_key,payment_no,payment_id,order_id,provider,provider_payment_id,provider_event_id,amount,currency,disposition,' +
    'reference,received_at_ms,source_partition,source_offset,booked_at_ms';
  const sorted = newPayments.toSorted((a, b) =>
    paymentKey(a.provider, a.providerPaymentId) < paymentKey(b.provider, b.providerPaymentId) ? -1 : 1,
  );
  buffer.insert('payments', columns, sorted, (payment) => {
    const source = paymentSources.get(payment)!;
    buffer.row();
    buffer.integer(orderKeyOf(payment.at.partition, payment.at.offset));
    buffer.sql(`,${payment.no},`);
    buffer.uuid(payment.paymentId);
    buffer.comma();
    buffer.uuid(payment.orderId);
    for (const text of [payment.provider, payment.providerPaymentId, source.providerEventId]) {
      buffer.comma();
      buffer.text(text);
    }
    buffer.nextInteger(payment.amount);
    buffer.comma();
    buffer.text(payment.currency);
    buffer.sql(`,'${payment.disposition}',`);
    buffer.text(source.reference);
    buffer.nextInteger(source.issuedAtMs);
    buffer.sql(`,${source.partition},${source.offset},${nowMs}`);
  });
}

/** Writes the insert of new refunds, in their last state of the batch. */
export function layOutRefunds(buffer: StatementBuffer, refunds: readonly KnownRefund[], nowMs: number): void {
  const columns =
    'order_key,refund_no,refund_id,order_id,payment_id,provider,provider_payment_id,amount,currency,status,reason,retry_of,' +
    'retried,line_units,shipping,result_provider,provider_refund_id,failure_code,settled_at_ms,requested_at_ms,open_since_ms';
  buffer.insert('refunds', columns, refunds, (refund) => {
    buffer.row();
    buffer.integer(orderKeyOf(refund.at.partition, refund.at.offset));
    buffer.sql(`,${refund.no},`);
    buffer.uuid(refund.refundId);
    buffer.comma();
    buffer.uuid(refund.orderId);
    buffer.comma();
    buffer.uuid(refund.paymentId);
    buffer.comma();
    buffer.text(refund.provider);
    buffer.comma();
    buffer.text(refund.providerPaymentId);
    buffer.nextInteger(refund.amount);
    buffer.comma();
    buffer.text(refund.currency);
    buffer.sql(`,'${refund.status}','${refund.reason}',`);
    buffer.uuid(refund.retryOf);
    buffer.sql(refund.retried ? ',1,' : ',0,');
    buffer.json(refund.lines.length === 0 ? null : refund.lines);
    buffer.sql(refund.shipping ? ',1' : ',0');
    for (const text of [refund.resultProvider, refund.providerRefundId, refund.failureCode]) {
      buffer.comma();
      buffer.text(text);
    }
    buffer.nextInteger(refund.settledAtMs);
    buffer.sql(`,${nowMs},${refund.status === 'REQUESTED' ? nowMs : 'NULL'}`);
  });
}

/** Writes the update of existing refunds. Returns its index, or null without changes. It must affect every refund. */
export function layOutRefundUpdate(buffer: StatementBuffer, refunds: readonly KnownRefund[]): number | null {
  if (refunds.length === 0) return null;
  buffer.begin('UPDATE JSON_TABLE(');
  buffer.json(
    refunds.map((refund) => [
      orderKeyOf(refund.at.partition, refund.at.offset),
      refund.no,
      refund.status,
      refund.retried ? 1 : 0,
      refund.resultProvider,
      refund.providerRefundId,
      refund.failureCode,
      refund.settledAtMs,
    ]),
  );
  const ascii = 'CHARACTER SET ascii COLLATE ascii_bin';
  buffer.sql(
    ", '$[*]' COLUMNS (k BIGINT UNSIGNED PATH '$[0]', n INT UNSIGNED PATH '$[1]', " +
      `s VARCHAR(12) ${ascii} PATH '$[2]', t TINYINT PATH '$[3]', p VARCHAR(64) ${ascii} PATH '$[4]', ` +
      `i VARCHAR(128) ${ascii} PATH '$[5]', c VARCHAR(64) ${ascii} PATH '$[6]', a BIGINT PATH '$[7]')) d ` +
      'STRAIGHT_JOIN refunds r ON r.order_key = d.k AND r.refund_no = d.n ' +
      'SET r.status = d.s, r.retried = d.t, r.result_provider = d.p, r.provider_refund_id = d.i, r.failure_code = d.c, ' +
      'r.settled_at_ms = d.a, r.open_since_ms = NULL',
  );
  return buffer.end();
}
