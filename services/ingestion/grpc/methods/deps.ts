import type { ReadTurns } from '../../application/limits/reads.ts';
import type { SendCommandDeps } from '../../application/operators/send-command.ts';
import type { CancelOrderDeps } from '../../application/orders/cancel-order.ts';
import type { GetOrderDeps } from '../../application/orders/get-order.ts';
import type { ListDeps } from '../../application/orders/list-orders.ts';
import type { PlaceBatchDeps } from '../../application/orders/place-batch.ts';
import type { PlaceOrderDeps } from '../../application/orders/place-order.ts';
import type { QuoteDeps } from '../../application/orders/quote-order.ts';
import type { OpenSession } from '../../application/payments/open-session.ts';
import type { ReceiveCallback } from '../../application/payments/receive-callback.ts';
import type { EncodeDeps } from '../../application/submit/order-submission.ts';
import type { ShowDeps } from '../messages/show-order.ts';

/** The dependencies of the methods. Each method uses those that it needs. */
export interface GrpcDeps
  extends PlaceOrderDeps,
    GetOrderDeps,
    CancelOrderDeps,
    QuoteDeps,
    Omit<ListDeps, 'store'>,
    SendCommandDeps,
    EncodeDeps,
    PlaceBatchDeps,
    Omit<ShowDeps, 'progress'> {
  readonly commandLog: CancelOrderDeps['commandLog'];
  readonly store: QuoteDeps['store'] & ListDeps['store'];
  readonly progress: ShowDeps['progress'] & PlaceBatchDeps['progress'];
  readonly reads: ReadTurns;
  readonly openSession: OpenSession;
  readonly callbacks: Pick<ReceiveCallback, 'knows'>;
}
