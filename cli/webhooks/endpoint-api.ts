/** Changes and tests of webhook endpoints over the API. Each refusal becomes a sentence. */
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  OrderstreamClient,
  WebhookDelivery,
  WebhookEndpoint,
  WebhookEndpointUpdate,
} from '../client/index.ts';
import { CliError } from '../errors.ts';

export type WebhookApi = Pick<OrderstreamClient, 'GET' | 'PATCH' | 'POST'>;

/** How often and how long the list of deliveries is read for the result of a test event. */
const readEveryMs = 250;
const readsMax = 120;
/** The newest deliveries that are read. */
const listed = 20;

/**
 * Changes an endpoint. `ifMatch` is the only version that may be changed.
 *
 * @throws CliError if the API refuses the change or does not answer
 */
export async function changeEndpoint(
  api: WebhookApi,
  id: string,
  update: WebhookEndpointUpdate,
  ifMatch: string | undefined,
): Promise<WebhookEndpoint> {
  const header = ifMatch === undefined ? {} : { header: { 'If-Match': ifMatch } };
  return answerOf(
    await reached(
      api.PATCH('/v1/webhook-endpoints/{id}', { params: { path: { id }, ...header }, body: update }),
    ),
  );
}

/**
 * Sends a test event. With `wait`, the result has the status after its one attempt.
 *
 * @throws CliError if the API refuses, or if the attempt has no result in time
 */
export async function sendTestEvent(api: WebhookApi, id: string, wait: boolean): Promise<WebhookDelivery> {
  const path = { id };
  const sent = answerOf(await reached(api.POST('/v1/webhook-endpoints/{id}/test', { params: { path } })));
  if (!wait) return sent;
  for (let reads = 0; reads < readsMax; reads += 1) {
    const params = { path, query: { limit: listed } };
    const { items } = answerOf(await reached(api.GET('/v1/webhook-endpoints/{id}/deliveries', { params })));
    const delivery = items.find((one) => one.id === sent.id);
    if (delivery !== undefined && delivery.status !== 'PENDING') return delivery;
    await sleep(readEveryMs);
  }
  throw new CliError(
    `the test event ${sent.eventId} has no result after ${(readsMax * readEveryMs) / 1000} s`,
  );
}

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

async function reached<T>(answer: Promise<Answer<T>>): Promise<Answer<T>> {
  try {
    return await answer;
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    throw new CliError('the API does not answer', { cause });
  }
}

function answerOf<T>({ data, error, response }: Answer<T>): T {
  if (data !== undefined) return data;
  const { detail, errors = [] } = (error ?? {}) as {
    detail?: string;
    errors?: { pointer: string; detail: string }[];
  };
  throw new CliError(`the API refused: ${detail ?? `status ${response.status}`}`, {
    detailLines: errors.map((one) => `${one.pointer} ${one.detail}`),
  });
}
