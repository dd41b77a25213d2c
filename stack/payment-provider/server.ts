/** The HTTP side of the provider: its API behind a key, and the page for customers. */
import { timingSafeEqual } from 'node:crypto';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import Type, { type Static, type TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { RefundBody, SessionBody } from '../../services/shared/payment-provider/index.ts';
import { FaultsBody } from './faults.ts';
import { payPage } from './pay-page.ts';
import { failureReasonOf, type Provider, Refusal } from './provider.ts';
import { rotateSecret } from './secrets.ts';
import type { ProviderStore, RefundRow } from './store.ts';
import { transactionsPage } from './transactions.ts';

export interface ServerDeps {
  readonly provider: Provider;
  readonly store: ProviderStore;
  /** Bearer key of the API. */
  readonly key: string;
  /** Where customers reach the page, once it listens. */
  readonly baseUrl: () => string;
  readonly nowMs: () => number;
  readonly random: () => number;
}

const PayBody = Type.Object(
  {
    result: Type.Union([Type.Literal('paid'), Type.Literal('declined'), Type.Literal('failed')]),
    amount: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER - 1 })),
    times: Type.Optional(Type.Integer({ minimum: 1, maximum: 5 })),
  },
  { additionalProperties: false },
);
const TransferBody = Type.Object({
  reference: Type.String({ minLength: 1, maxLength: 200 }),
  amount: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER - 1 }),
  currency: Type.String({ pattern: '^[A-Z]{3}$' }),
});
const RotateBody = Type.Object({ keepMs: Type.Integer({ minimum: 0, maximum: 30 * 86_400_000 }) });

const bodyBytesMax = 64 * 1024;

export function createServer(deps: ServerDeps): FastifyInstance {
  const app = fastify({ logger: false, bodyLimit: bodyBytesMax, forceCloseConnections: true });
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );
  app.setErrorHandler((error, _request, reply) => {
    const { statusCode = 500, message } = error as { statusCode?: number; message: string };
    if (error instanceof Refusal) return reply.code(error.status).send({ code: error.code, message });
    return reply.code(statusCode).send({ code: statusCode < 500 ? 'REQUEST_INVALID' : 'INTERNAL', message });
  });
  app.register(async (api) => {
    api.addHook('onRequest', async (request) => requireKey(deps.key, request));
    registerApi(api, deps);
    registerControls(api, deps);
  });
  registerPage(app, deps);
  return app;
}

function requireKey(key: string, request: FastifyRequest): void {
  const expected = Buffer.from(`Bearer ${key}`);
  const given = Buffer.from(request.headers.authorization ?? '');
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw new Refusal(401, 'KEY_WRONG', 'the key of the API is missing or wrong');
}

/** The calls of a shop. They have the faults of `faults.ts`. */
function registerApi(api: FastifyInstance, deps: ServerDeps): void {
  const { provider } = deps;
  const readSession = reader(SessionBody);
  const readRefund = reader(RefundBody);
  api.post('/v1/sessions', (request, reply) =>
    withFaults(deps, request, reply, () => {
      const { session, isNew } = provider.openSession(readSession(request.body));
      const { id, expires_at_ms: expiresAtMs } = session;
      return reply.code(isNew ? 201 : 200).send({ id, url: `${deps.baseUrl()}/pay/${id}`, expiresAtMs });
    }),
  );
  api.post('/v1/refunds', (request, reply) =>
    withFaults(deps, request, reply, () => {
      const { refund, isNew } = provider.refund(readRefund(request.body));
      return reply.code(isNew ? 201 : 200).send(shownRefund(refund));
    }),
  );
  api.get<{ Querystring: { payment?: string; key?: string } }>('/v1/refunds', (request, reply) =>
    withFaults(deps, request, reply, () => {
      const { payment, key = null } = request.query;
      if (payment === undefined) throw new Refusal(400, 'REQUEST_INVALID', 'the query needs payment');
      return reply.send({ refunds: provider.refundsOf(payment, key).map(shownRefund) });
    }),
  );
  api.get<{ Querystring: Record<string, string> }>('/v1/transactions', (request, reply) =>
    withFaults(deps, request, reply, () => {
      const { from, to, after = '' } = request.query;
      return reply.send(transactionsPage(deps.store, Number(from), Number(to), after));
    }),
  );
}

/** For tests and demonstrations. These calls have no faults. */
function registerControls(api: FastifyInstance, { provider, store, nowMs }: ServerDeps): void {
  const readTransfer = reader(TransferBody);
  const readFaults = reader(FaultsBody);
  const readRotate = reader(RotateBody);
  api.post('/v1/transfers', (request, reply) => {
    const { reference, amount, currency } = readTransfer(request.body);
    return reply.code(201).send({ payment: provider.receive(reference, amount, currency) });
  });
  api.get('/v1/faults', (_request, reply) => reply.send(store.faults()));
  api.put('/v1/faults', (request, reply) => {
    store.setFaults({ ...store.faults(), ...readFaults(request.body) });
    return reply.send(store.faults());
  });
  api.post('/v1/secrets', (request, reply) => {
    const { keepMs } = readRotate(request.body);
    return reply.code(201).send({ secret: rotateSecret(store, keepMs, nowMs()) });
  });
  api.get('/v1/waiting', (_request, reply) => {
    const count = (table: string) => store.one<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`)!.n;
    return reply.send({ callbacks: count('deliveries'), timers: count("timers WHERE kind <> 'expire'") });
  });
}

function registerPage(app: FastifyInstance, { provider }: ServerDeps): void {
  const readPay = reader(PayBody);
  app.get<{ Params: { id: string } }>('/pay/:id', (request, reply) =>
    reply.type('text/html; charset=utf-8').send(payPage(provider.findSession(request.params.id))),
  );
  app.post<{ Params: { id: string } }>('/pay/:id', (request, reply) => {
    const { id } = request.params;
    const { result, amount = null, times = 1 } = readPay(request.body);
    const payments = provider.pay(id, { result, amount, times });
    if (request.headers['content-type']?.startsWith('application/json')) return reply.send({ payments });
    return reply.redirect(provider.findSession(id).return_url ?? `/pay/${id}`, 303);
  });
}

/** Applies the faults: a call fails before its work, or its answer is lost after it. */
function withFaults(
  deps: ServerDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  work: () => FastifyReply,
): FastifyReply {
  const { errors, hangs, lostAnswers } = deps.store.faults();
  if (deps.random() < hangs) return reply.hijack();
  if (deps.random() < errors) throw new Refusal(500, 'INTERNAL', 'the provider has a fault');
  if (deps.random() >= lostAnswers) return work();
  // The work may send its answer. After `hijack` the answer does not reach the caller.
  reply.hijack();
  try {
    work();
  } finally {
    request.raw.socket.destroy();
  }
  return reply;
}

function shownRefund(refund: RefundRow) {
  const { id, status, amount, currency } = refund;
  return { id, status, reason: failureReasonOf(refund), amount, currency };
}

function reader<S extends TSchema>(schema: S): (body: unknown) => Static<S> {
  const compiled = Compile(schema);
  return (body) => {
    if (compiled.Check(body)) return body as Static<S>;
    const [first] = compiled.Errors(body);
    throw new Refusal(
      400,
      'REQUEST_INVALID',
      `${first?.instancePath || 'the body'} ${first?.message ?? 'is invalid'}`,
    );
  };
}
