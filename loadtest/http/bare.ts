/** The baseline: a fastify route that sends a fixed JSON text. The process sends its port to its parent. */
import fastify from 'fastify';

const app = fastify({ logger: false });
const text = JSON.stringify({ id: '00000000-0000-8000-8000-000000000000', status: 'QUEUED' });
app.get('/static', (_request, reply) =>
  reply.header('content-type', 'application/json; charset=utf-8').send(text),
);
const url = await app.listen({ host: '127.0.0.1', port: 0 });
process.send?.({ url });
