/**
 * A test batch: one row for every table that a batch writes, rolled back at the end. If the database accepts the test
 * batch, a record that fails before and after it causes the failure.
 */
import { randomBytes } from 'node:crypto';
import { type Session, textToSql } from '../../shared/mysql/index.ts';

/** No topic and no customer has this name. */
const nobody = textToSql('rehearsal');
/** Higher than every real partition, so that no real row has these keys. */
const partition = 65_535;

/** Throws the error of the database if it refuses the rows. Changes nothing. */
export async function rehearse(session: Session): Promise<void> {
  const orderId = `X'${randomBytes(16).toString('hex')}'`;
  const offset = randomBytes(6).readUIntBE(0, 6);
  const orderKey = (BigInt(partition) << 48n) + BigInt(offset);
  const hash = `X'${'00'.repeat(32)}'`;
  const statements = [
    'INSERT INTO orders (order_key,order_id,customer_id,status,version,currency,subtotal,discount,shipping,tax,total,' +
      'price_version,idempotency_key,fingerprint,shipping_address,contact,metadata,created_at_ms,updated_at_ms) ' +
      `VALUES (${orderKey},${orderId},${nobody},'REJECTED',1,'EUR',0,0,0,0,0,0,${nobody},${hash},'{}','{}','{}',0,0)`,
    `INSERT INTO order_items (order_key,line_no,sku,quantity) VALUES (${orderKey},1,${nobody},1)`,
    'INSERT INTO order_history (order_id,version,status,command_type,actor,source_partition,source_offset,at_ms) ' +
      `VALUES (${orderId},2,'CANCELLED','CANCEL',${nobody},${partition},${offset},0)`,
    'INSERT INTO order_commands (order_id,command_id,command_type,outcome,version,source_partition,source_offset,at_ms) ' +
      `VALUES (${orderId},${nobody},'CANCEL','REFUSED',1,${partition},${offset},0)`,
    'INSERT INTO payments (order_key,payment_no,payment_id,order_id,provider,provider_payment_id,provider_event_id,amount,currency,' +
      'disposition,received_at_ms,source_partition,source_offset,booked_at_ms) ' +
      `VALUES (${orderKey},1,${orderId},${orderId},${nobody},HEX(${orderId}),${nobody},1,'EUR','SETTLES',0,${partition},${offset},0)`,
    'INSERT INTO refunds (order_key,refund_no,refund_id,order_id,payment_id,provider,provider_payment_id,amount,currency,status,reason,' +
      'requested_at_ms) ' +
      `VALUES (${orderKey},1,${orderId},${orderId},${orderId},${nobody},${nobody},1,'EUR','REQUESTED','LATE',0)`,
    `INSERT INTO outbox (topic,partition_id,from_offset,to_offset,epoch,messages) VALUES (${nobody},${partition},${offset},${offset},0,X'02')`,
    'INSERT INTO dead_letters (topic,partition_id,source_offset,reason_code,message,attempts,value_sha256,value_bytes,source_at_ms,first_failed_at_ms) ' +
      `VALUES (${nobody},${partition},${offset},'REHEARSAL','',1,${hash},0,0,0)`,
    `INSERT INTO coupon_customers (code,customer_id) VALUES (${nobody},${nobody}) ON DUPLICATE KEY UPDATE used = used`,
    `INSERT INTO unpaid_customers (customer_id) VALUES (${nobody}) ON DUPLICATE KEY UPDATE units = units`,
    'UPDATE coupon_counters SET available = available WHERE code = (SELECT code FROM (SELECT code FROM coupon_counters LIMIT 1) c)',
    'UPDATE stock SET available = available WHERE sku = (SELECT sku FROM (SELECT sku FROM stock LIMIT 1) s)',
  ];
  await session.begin();
  try {
    for (const statement of statements) await session.write(statement);
  } finally {
    if (session.alive) await session.rollback();
  }
}
