/** Pages that need no token: the OpenAPI document, its reference page, and one page per problem. */
import type { FastifyInstance, RouteHandlerMethod } from 'fastify';
import { type ProblemCode, problemTable, problemType } from '../../problems/problem-table.ts';
import type { Operation } from '../operation.ts';
import { sendProblem } from '../problems.ts';
import { docsPage, problemPage } from '../reference/docs-page.ts';
import { openapiDocument } from '../reference/openapi.ts';
import { methodsOf } from '../unknown-routes.ts';

/** Paths of the pages. The first path redirects to the third, for people who open the address of the API. */
export const pageUrls = ['/', '/openapi.json', '/docs', '/problems/:name'] as const;

const html = 'text/html; charset=utf-8';
/** The pages run no scripts and load no resources. */
const policy = "default-src 'none'; style-src 'unsafe-inline'";

export function registerPages(app: FastifyInstance, operations: readonly Operation[]): void {
  const document = JSON.stringify(openapiDocument(operations));
  const page = docsPage(operations);
  const problems = new Map(
    (Object.keys(problemTable) as ProblemCode[]).map((code) => [problemType(code), code]),
  );

  const [root, description, docs, problem] = pageUrls;
  const serve = (url: string, handler: RouteHandlerMethod): unknown =>
    app.route({ method: methodsOf('GET'), url, handler });
  serve(root, async (_request, reply) => reply.redirect(docs, 302));
  serve(description, async (_request, reply) =>
    reply.header('content-type', 'application/json').send(document),
  );
  serve(docs, async (_request, reply) =>
    reply.header('content-type', html).header('content-security-policy', policy).send(page),
  );
  serve(problem, async (request, reply) => {
    const code = problems.get(`/problems/${(request.params as { name: string }).name}`);
    if (code === undefined) return sendProblem(request, reply, 'ROUTE_NOT_FOUND');
    return reply
      .header('content-type', html)
      .header('content-security-policy', policy)
      .send(problemPage(code));
  });
}
