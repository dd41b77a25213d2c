import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../../shared/log/index.ts';
import type { AnswerDeps } from '../answers.ts';
import type { CommandLog } from '../command-log.ts';
import type { Cursors } from '../cursor.ts';
import type { DeliveryStore } from '../delivery-store.ts';
import type { Lanes } from '../lanes.ts';
import type { Operation } from '../operation.ts';
import type { OrderStore } from '../order-store.ts';
import type { RateLimiter } from '../rate-limit.ts';
import type { ReadTurns } from '../shares/reads.ts';
import type { ReadStatus } from '../status.ts';
import type { Streams } from '../streams.ts';
import type { IsOrderOf, Submit } from '../submissions.ts';
import type { Waits } from '../waits.ts';
import type { WebhookStore } from '../webhook-store.ts';
import type { ReadWebhookUrl } from '../webhook-url.ts';

/** What the routes are made from; every one takes what it needs. */
export interface RouteDeps extends AnswerDeps {
  readonly log: Logger;
  readonly submit: Submit;
  readonly isOrderOf: IsOrderOf;
  readonly commandLog: CommandLog;
  readonly readStatus: ReadStatus;
  readonly waits: Waits;
  readonly streams: Streams;
  readonly store: Pick<OrderStore, 'list' | 'history' | 'products' | 'details'>;
  readonly webhooks: WebhookStore;
  readonly deliveries: DeliveryStore;
  readonly readWebhookUrl: ReadWebhookUrl;
  readonly cursors: Cursors;
  readonly rates: RateLimiter;
  readonly reads: ReadTurns;
  readonly lanes: Pick<Lanes, 'queueOf' | 'nextUnpublished'>;
  readonly nowMs: () => number;
  /** Notes a version that is shown, so that versions never go back; gives the highest that this process has shown. */
  readonly noteShown: (orderId: string, version: number) => number;
}

export interface Route {
  readonly operation: Operation;
  readonly handler: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;
}
