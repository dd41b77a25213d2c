/** The body of every error: RFC 9457. */
import Type from 'typebox';

export const Problem = Type.Object(
  {
    type: Type.String({ description: 'URI reference of the page that explains this kind of problem.' }),
    title: Type.String(),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    detail: Type.String(),
    instance: Type.String({ description: 'The path that was asked for.' }),
    code: Type.String({ description: 'Branch on this.' }),
    errors: Type.Array(
      Type.Object(
        {
          pointer: Type.String({ description: 'JSON pointer into the request body.' }),
          parameter: Type.Optional(
            Type.String({
              description: 'Name of the query parameter or header at fault; `pointer` is empty then.',
            }),
          ),
          detail: Type.String(),
        },
        { $id: 'ProblemError' },
      ),
    ),
    traceId: Type.String({ description: 'Names this answer when you ask us about it.' }),
  },
  { $id: 'Problem' },
);

export const BatchResult = Type.Object(
  {
    items: Type.Array(
      Type.Object(
        {
          index: Type.Integer({ minimum: 0 }),
          status: Type.Integer({ description: 'What the order alone would have been answered with.' }),
          id: Type.Optional(Type.String({ format: 'uuid' })),
          statusUrl: Type.Optional(Type.String()),
          replayed: Type.Optional(
            Type.Boolean({ description: '`true` when the same place was accepted before.' }),
          ),
          problem: Type.Optional(Problem),
        },
        { $id: 'BatchItemResult' },
      ),
      { description: 'One result per order, in order.' },
    ),
  },
  { $id: 'BatchResult' },
);
