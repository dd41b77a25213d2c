/** What is read by people and tools and needs no token: the OpenAPI document, the page about it, one page per problem. */
import type { FastifyInstance } from 'fastify';
import { docsPage, problemPage } from '../docs-page.ts';
import { openapiDocument } from '../openapi.ts';
import type { Operation } from '../operation.ts';
import { type ProblemCode, problemTable, problemType } from '../problem-table.ts';
import { sendProblem } from '../problems.ts';

const html = 'text/html; charset=utf-8';
/** The pages run nothing and load nothing. */
const policy = "default-src 'none'; style-src 'unsafe-inline'";

export function registerPages(app: FastifyInstance, operations: readonly Operation[]): void {
  const document = JSON.stringify(openapiDocument(operations));
  const page = docsPage(operations);
  const problems = new Map(
    (Object.keys(problemTable) as ProblemCode[]).map((code) => [problemType(code), code]),
  );

  app.get('/openapi.json', async (_request, reply) =>
    reply.header('content-type', 'application/json').send(document),
  );
  app.get('/docs', async (_request, reply) =>
    reply.header('content-type', html).header('content-security-policy', policy).send(page),
  );
  app.get('/problems/:name', async (request, reply) => {
    const code = problems.get(`/problems/${(request.params as { name: string }).name}`);
    if (code === undefined) return sendProblem(request, reply, 'ROUTE_NOT_FOUND');
    return reply
      .header('content-type', html)
      .header('content-security-policy', policy)
      .send(problemPage(code));
  });
}
