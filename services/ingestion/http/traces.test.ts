/** Requests with traces on and off, through the whole HTTP application. */
import { expect, test } from 'vitest';
import { recordTraces } from '../../shared/trace/testing/recorded-traces.ts';
import { createFakeWorld, fakeTokens, placeRequest } from '../testing/fake-world.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';
const callers = (flags: string): string => `00-${traceId}-${spanId}-${flags}`;
const withTraceparent = (key: string, traceparent: string) => {
  const request = placeRequest(key);
  return { ...request, headers: { ...request.headers, traceparent } };
};
const unknownOrder = {
  method: 'GET',
  url: '/v1/orders/00000000-0000-8000-8000-000000000000',
  headers: { authorization: `Bearer ${fakeTokens.c1}` },
} as const;

test('a request is a span, and its command names this span', async () => {
  const { traces, spans } = recordTraces();
  const world = createFakeWorld({ traces });
  await world.app.inject(withTraceparent('traced', callers('01')));
  const [span] = spans();
  expect(span).toMatchObject({ name: 'POST /v1/orders', traceId, parent: spanId });
  expect(span!.attributes).toEqual({
    'http.request.method': 'POST',
    'http.route': '/v1/orders',
    'http.response.status_code': 202,
  });
  expect(world.commands.at(-1)!.traceparent).toBe(span!.traceparent);
});

test('the trace id that a problem tells the client is the one of the trace', async () => {
  const { traces, spans } = recordTraces();
  const world = createFakeWorld({ traces });
  const answer = await world.app.inject(unknownOrder);
  expect(answer.json()).toMatchObject({ status: 404, traceId: spans()[0]!.traceId });
  expect(world.answered.at(-1)!.traceId).toBe(spans()[0]!.traceId);
  expect(spans()[0]!.attributes).not.toHaveProperty('error.type');
});

test.each([
  ['that the caller does not record', callers('00'), callers('00')],
  ['without an SDK', callers('01'), callers('01')],
  ['without an SDK, with a malformed header', 'nonsense', null],
])('a request %s passes on what the caller sent', async (name, sent, expected) => {
  const { traces, spans } = recordTraces();
  const world = createFakeWorld(name.startsWith('without') ? {} : { traces });
  await world.app.inject(withTraceparent('untraced', sent));
  expect(world.commands.at(-1)!.traceparent).toBe(expected);
  expect(spans()).toEqual([]);
});

test('a malformed header does not join the trace of the caller', async () => {
  const { traces, spans } = recordTraces();
  const world = createFakeWorld({ traces });
  await world.app.inject(withTraceparent('malformed', `${callers('01')}-more`));
  expect(spans()[0]).toMatchObject({ parent: null });
  expect(spans()[0]!.traceId).not.toBe(traceId);
});

test('the path of a request is in no span, because it can name a customer', async () => {
  const { traces, spans } = recordTraces();
  await createFakeWorld({ traces }).app.inject(unknownOrder);
  expect(JSON.stringify(spans())).not.toContain('00000000-0000-8000');
  expect(spans()[0]!.name).toBe('GET /v1/orders/:id');
});
