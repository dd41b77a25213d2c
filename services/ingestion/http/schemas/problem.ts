/** The body of every error: RFC 9457. */
import Type from 'typebox';

export const Problem = Type.Object(
  {
    type: Type.String({ description: 'URI reference of the page that explains this problem type.' }),
    title: Type.String(),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    detail: Type.String(),
    instance: Type.String({ description: 'The request path.' }),
    code: Type.String({ description: 'Stable error code for programs.' }),
    errors: Type.Array(
      Type.Object(
        {
          pointer: Type.String({ description: 'JSON pointer into the request body.' }),
          parameter: Type.Optional(
            Type.String({
              description: 'Name of the invalid query parameter or header. `pointer` is then empty.',
            }),
          ),
          detail: Type.String(),
        },
        { $id: 'ProblemError' },
      ),
    ),
    traceId: Type.String({ description: 'Trace id. Quote it in support requests.' }),
  },
  { $id: 'Problem' },
);

export const BatchResult = Type.Object(
  {
    items: Type.Array(
      Type.Object(
        {
          index: Type.Integer({ minimum: 0 }),
          status: Type.Integer({
            description: 'The HTTP status that the order would get if it were sent alone.',
          }),
          id: Type.Optional(Type.String({ format: 'uuid' })),
          statusUrl: Type.Optional(Type.String()),
          replayed: Type.Optional(
            Type.Boolean({ description: '`true` if this order was already accepted earlier.' }),
          ),
          problem: Type.Optional(Problem),
        },
        { $id: 'BatchItemResult' },
      ),
      { description: 'One result per order, in request order.' },
    ),
  },
  { $id: 'BatchResult' },
);
