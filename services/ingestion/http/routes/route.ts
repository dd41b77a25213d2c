import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../../../shared/log/index.ts';
import type { RateLimiter } from '../../application/limits/rate-limit.ts';
import type { ReadTurns } from '../../application/limits/reads.ts';
import type { TokenChecks } from '../../application/limits/token-checks.ts';
import type { EraseCustomer } from '../../application/operators/erase-customer.ts';
import type { OperatorCommands } from '../../application/operators/operator-commands.ts';
import type { OpenSession } from '../../application/payments/open-session.ts';
import type { ReceiveCallback } from '../../application/payments/receive-callback.ts';
import type { Cursors } from '../../application/read/cursor.ts';
import type { OrderRecords, RefundLookup } from '../../application/read/order-records.ts';
import type { OrderStore } from '../../application/read/order-store.ts';
import type { PartitionProgress } from '../../application/read/partition-progress.ts';
import type { ReadStatus } from '../../application/read/status.ts';
import type { StockLevels } from '../../application/read/stock-levels.ts';
import type { CustomerKeys } from '../../application/sealing/customer-keys.ts';
import type { CommandLog } from '../../application/submit/command-log.ts';
import type { IsOrderOf } from '../../application/submit/is-order-of.ts';
import type { Submit } from '../../application/submit/submit.ts';
import type { Waits } from '../../application/wait/waits.ts';
import type { DeliveryStore } from '../../application/webhooks/delivery-store.ts';
import type { WebhookStore } from '../../application/webhooks/webhook-store.ts';
import type { ReadWebhookUrl } from '../../application/webhooks/webhook-url.ts';
import type { Operation } from '../operation.ts';
import type { ResponseDeps } from '../responses.ts';
import type { Streams } from '../streams.ts';

/** The dependencies of the routes. Each route uses those that it needs. */
export interface RouteDeps extends ResponseDeps {
  readonly log: Logger;
  readonly submit: Submit;
  readonly isOrderOf: IsOrderOf;
  readonly commandLog: CommandLog;
  readonly customerKeys: CustomerKeys;
  readonly readStatus: ReadStatus;
  readonly waits: Waits;
  readonly streams: Streams;
  readonly store: Pick<OrderStore, 'list' | 'history' | 'prices' | 'details'>;
  readonly operatorCommands: OperatorCommands;
  readonly eraseCustomer: EraseCustomer;
  readonly records: OrderRecords & RefundLookup;
  readonly stock: StockLevels;
  readonly openSession: OpenSession;
  readonly callbacks: ReceiveCallback;
  readonly signatureChecks: TokenChecks;
  readonly webhooks: WebhookStore;
  readonly deliveries: DeliveryStore;
  readonly readWebhookUrl: ReadWebhookUrl;
  readonly cursors: Cursors;
  readonly rates: RateLimiter;
  readonly reads: ReadTurns;
  readonly progress: Pick<PartitionProgress, 'queueOf' | 'nextUnpublished'>;
  /** The current time, for commands. */
  readonly nowMs: () => number;
  /** The time of the database, for comparisons with rows of webhooks. Call it within `atDatabase`. */
  readonly databaseNowMs: () => Promise<number>;
  /**
   * Remembers a shown version, so that versions never go back. Returns the highest version that this process has
   * shown.
   */
  readonly noteShown: (orderId: string, version: number) => number;
}

/** An operation with its last stages. `../request-stages.ts` lists all stages. */
export interface RouteOf<Input> {
  readonly operation: Operation;
  /**
   * The stages body and shape: reads the input of the operation. Throws a problem. Absent if the handler reads the
   * input itself.
   */
  read?(request: FastifyRequest): Input;
  /** Number of orders in the input. The request is charged for them. */
  countOrders?(input: Input): number;
  handler(request: FastifyRequest, reply: FastifyReply, input: Input): Promise<FastifyReply>;
}

export type Route = RouteOf<unknown>;
