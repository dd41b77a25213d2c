/** The webhook bodies of notification match the OpenAPI document. */
import { describe, expect, it } from 'vitest';
import { testEventOf } from '../../services/ingestion/application/webhooks/test-event.ts';
import { apiDocument, faultOf } from '../../services/ingestion/testing/api-document.ts';
import { messageText, type OrderBoundEvent } from '../../services/notification/message.ts';
import { testEventType } from '../../services/shared/standard-webhooks/index.ts';
import { exampleEvent } from '../../tests/support/records/example-event.ts';

const webhooks = apiDocument['webhooks'] as Record<
  string,
  { post: { requestBody: { content: Record<string, { schema: never }> } } }
>;
const schemaOf = (type: string) => webhooks[type]!.post.requestBody.content['application/json']!.schema;
const event = exampleEvent() as OrderBoundEvent;

function faultOfMessage(more: Partial<OrderBoundEvent>): string | null {
  const text = messageText({ ...event, ...more });
  return faultOf(schemaOf(more.type ?? event.type), JSON.parse(text));
}

describe('a webhook body', () => {
  it.each(Object.keys(webhooks).filter((type) => type !== testEventType))(
    'of the type %s matches the document',
    (type) => {
      expect(faultOfMessage({ type: type as never })).toBeNull();
    },
  );

  it('of a test event matches the document, and no body of an order does', () => {
    const { payload } = testEventOf('we_1', Date.UTC(2026, 0, 5));
    expect(faultOf(schemaOf(testEventType), JSON.parse(payload))).toBeNull();
    expect(faultOfMessage({ type: testEventType as never })).not.toBeNull();
  });

  it('may lack the order, and may have a reason, a payment and a shipment', () => {
    const reason = { code: 'OUT_OF_STOCK', message: 'sold out', pointer: '/items/0', seen: null };
    const lines = [{ line: 1, quantity: 2 }];
    const shipment = { carrier: 'DHL', trackingNumber: null, shipment: 1, lines };
    const payment = { status: 'CONFIRMED', amount: 500, currency: 'EUR' };
    expect(faultOfMessage({ order: null, reason, status: null, previousStatus: null } as never)).toBeNull();
    expect(faultOfMessage({ shipment, payment } as never)).toBeNull();
  });

  it('with an unknown type or status does not match', () => {
    const message = JSON.parse(messageText(event)) as { data: object };
    expect(faultOf(schemaOf(event.type), { ...message, type: 'order.other' })).not.toBeNull();
    expect(
      faultOf(schemaOf(event.type), { ...message, data: { ...message.data, status: 'NEW' } }),
    ).not.toBeNull();
  });
});
