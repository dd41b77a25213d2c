/**
 * Places an order over gRPC, follows it to its outcome, and prints what happened as one line of JSON.
 *
 *   npx tsx place-order.ts --address 127.0.0.1:18082 --proto ../../../../schemas/proto --token "$TOKEN" --key my-order --sku TEA-101
 *
 * The client is made from orders.proto at the start, so there is no generated code.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { credentials, loadPackageDefinition, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const { values } = parseArgs({
  options: {
    address: { type: 'string', default: '127.0.0.1:18082' },
    proto: { type: 'string', default: '../../../../schemas/proto' },
    token: { type: 'string', default: '' },
    key: { type: 'string', default: 'my-order' },
    sku: { type: 'string', default: 'TEA-101' },
    quantity: { type: 'string', default: '1' },
  },
});

interface Order {
  id: string;
  version: number;
  status: string;
  ticket: string;
}

const definition = loadSync(path.join(values.proto, 'orderstream/v1/orders.proto'), {
  includeDirs: [values.proto],
  keepCase: false,
  enums: String,
  longs: Number,
  defaults: true,
});
const api = loadPackageDefinition(definition) as any;
const orders = new api.orderstream.v1.Orders(values.address, credentials.createInsecure());
const metadata = new Metadata();
metadata.set('authorization', `Bearer ${values.token}`);

const request = {
  requestId: values.key,
  order: {
    currency: 'EUR',
    items: [{ sku: values.sku, quantity: Number(values.quantity) }],
    shippingAddress: {
      name: 'A. Reader',
      line1: '1 Mill Lane',
      city: 'Cork',
      postalCode: 'T12 X2Y3',
      country: 'IE',
    },
  },
};

// A repeated call with the same key never places a second order, so it may be retried.
orders.createOrder(
  request,
  metadata,
  { deadline: Date.now() + 10_000 },
  (error: ServiceError | null, placed: { order: Order }) => {
    if (error !== null) finish({ status: status[error.code], message: error.details });
    else follow(placed.order);
  },
);

/** Prints the first state that is not QUEUED. */
function follow({ id, ticket }: Order): void {
  const stream = orders.watchOrder({ id, ticket }, metadata, { deadline: Date.now() + 30_000 });
  stream.on('data', ({ order }: { order: Order }) => {
    if (order.status === 'ORDER_STATUS_QUEUED') return;
    finish({ id: order.id, version: order.version, status: order.status });
    stream.cancel();
  });
  stream.on('error', (error: ServiceError) => {
    if (error.code !== status.CANCELLED) finish({ status: status[error.code], message: error.details });
  });
}

function finish(result: object): void {
  console.log(JSON.stringify(result));
  orders.close();
}
