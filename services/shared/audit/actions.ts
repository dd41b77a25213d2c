/**
 * Every action that the audit log can hold, with the kind of its subject. Add a row for each new kind of
 * change.
 */
export const auditActions = {
  'endpoint.created': { subject: 'endpoint', help: 'A customer created a webhook endpoint.' },
  'endpoint.updated': {
    subject: 'endpoint',
    help: 'A customer changed, paused, resumed or disabled a webhook endpoint.',
  },
  'endpoint.deleted': { subject: 'endpoint', help: 'A customer deleted a webhook endpoint.' },
  'endpoint.enabled': { subject: 'endpoint', help: 'A customer enabled a webhook endpoint.' },
  'endpoint.disabled': { subject: 'endpoint', help: 'Notification disabled a webhook endpoint.' },
  'secret.rotated': { subject: 'endpoint', help: 'A customer replaced the secret of a webhook endpoint.' },
  'secrets.reencrypted': {
    subject: 'secrets',
    help: 'An operator encrypted the webhook secrets with the newest key.',
  },
  'customer_keys.reencrypted': {
    subject: 'customer_keys',
    help: 'An operator encrypted the keys of customers with the newest key.',
  },
  'catalogue.imported': { subject: 'catalogue', help: 'An operator imported a catalogue file.' },
  'product.added': { subject: 'product', help: 'An import added a product.' },
  'product.changed': {
    subject: 'product',
    help: 'An import changed the name, price, currency, weight, tax category or quantity breaks of a product.',
  },
  'coupons.imported': { subject: 'coupons', help: 'An operator imported a file of coupons.' },
  'coupon.added': { subject: 'coupon', help: 'An import added a coupon.' },
  'coupon.changed': { subject: 'coupon', help: 'An import changed a coupon.' },
  'rates.imported': { subject: 'rates', help: 'An operator replaced tax rates or shipping rates.' },
  'rule.set': { subject: 'rule', help: 'An operator set a switch of the price rules.' },
  'customer.erasure_requested': {
    subject: 'customer',
    help: 'An operator began to erase the personal data of a customer.',
  },
  'customer.erased': {
    subject: 'customer',
    help: 'An erasure of the personal data of a customer ended.',
  },
  'finding.resolved': { subject: 'finding', help: 'An operator resolved a finding.' },
  'order.ship_requested': {
    subject: 'order',
    help: 'An operator sent the command to ship units of an order.',
  },
  'order.deliver_requested': {
    subject: 'order',
    help: 'An operator sent the command that records the delivery of parcels.',
  },
  'order.return_requested': {
    subject: 'order',
    help: 'An operator sent the command that records goods that came back.',
  },
  'order.refund_requested': { subject: 'order', help: 'An operator sent the command to refund an order.' },
  'stock.adjust_requested': {
    subject: 'sku',
    help: 'An operator sent the command to add units to the stock of a SKU, or to take them away.',
  },
  'refund.retried': { subject: 'refund', help: 'An operator requested a failed refund again.' },
  'refund.settled': { subject: 'refund', help: 'An operator recorded that a refund was paid by hand.' },
  'dead_letter.redriven': { subject: 'dead_letter', help: 'An operator sent a dead letter to Kafka again.' },
  'dead_letter.redrive_failed': {
    subject: 'dead_letter',
    help: 'An operator tried to send a dead letter again, and Kafka did not accept it.',
  },
  'record.skipped': {
    subject: 'record',
    help: 'An operator turned the record at which a lane waited into a dead letter, with `orderstream recover skip`.',
  },
  'orders.archived': {
    subject: 'orders',
    help: 'An operator removed the history and the stored commands of old orders, with `orderstream archive`.',
  },
  'log.recovered': {
    subject: 'log',
    help: 'An operator rebuilt records of a topic, or moved positions, with `orderstream recover`.',
  },
} as const satisfies Record<string, { subject: string; help: string }>;

export type AuditAction = keyof typeof auditActions;
