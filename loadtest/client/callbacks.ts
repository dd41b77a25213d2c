/** Prepares signed callbacks of the local payment provider. Each one pays another order of a stream. */
import { signWebhook } from '../../services/shared/standard-webhooks/index.ts';
import { PARTITIONS } from '../../topics/partition.ts';
import { amountOfTemplate } from '../store/commands/command-source.ts';
import { createOrderStream, currency } from '../store/order-stream.ts';
import type { RequestMaker } from './requests.ts';

export interface Callbacks {
  /** Signs the callbacks, `whsec_…`. */
  readonly secret: string;
  readonly seed: number;
  /** The paid orders have this offset and the following ones, in each partition. */
  readonly firstOffset: number;
}

/** Creates a maker of callbacks. The requests carry no token. */
export function createCallbackMaker({ secret, seed, firstOffset }: Callbacks): RequestMaker {
  const stream = createOrderStream({ seed, shape: 'uniform' });
  let made = 0;
  return {
    requestsOf: () => () => {
      const partition = made % PARTITIONS;
      const offset = firstOffset + Math.floor(made / PARTITIONS);
      made += 1;
      const reference = stream.orderId(partition, offset);
      const amount = amountOfTemplate(stream, stream.templateOf(partition, offset));
      const id = `event-${reference}`;
      const data = { payment: `payment-${reference}`, reference, amount, currency };
      return request(secret, id, JSON.stringify({ id, type: 'payment.captured', data }));
    },
  };
}

/** `body` is ASCII, so its length in characters is its length in bytes. */
function request(secret: string, id: string, body: string): Buffer {
  const signed = Object.entries(signWebhook([secret], { id, payload: body }, Date.now()));
  const fields = signed.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.from(
    `POST /v1/payments/callbacks/local HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n${fields}` +
      `content-length: ${body.length}\r\n\r\n${body}`,
    'latin1',
  );
}
