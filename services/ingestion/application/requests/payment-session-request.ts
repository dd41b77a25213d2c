/** The request to open a payment session. This schema validates it, and the OpenAPI document has it. */
import Type from 'typebox';
import type { RequestFault } from './fault.ts';
import { closed } from './fields.ts';

export const PaymentSessionRequest = Type.Object(
  {
    provider: Type.Optional(
      Type.String({
        pattern: '^[a-z][a-z0-9-]{0,31}$',
        description: 'Name of a payment provider of this service. Default: the first one.',
      }),
    ),
    returnUrl: Type.Optional(
      Type.String({
        maxLength: 2_000,
        pattern: '^https?://[!-~]+$',
        description: 'Where the customer goes after the payment.',
      }),
    ),
  },
  { ...closed, $id: 'PaymentSessionRequest' },
);
export type PaymentSessionRequest = Type.Static<typeof PaymentSessionRequest>;

/** The return URL must be a URL. A pattern cannot express this. */
export function sessionFaults({ returnUrl }: PaymentSessionRequest): RequestFault[] {
  return returnUrl === undefined || URL.canParse(returnUrl)
    ? []
    : [{ pointer: '/returnUrl', detail: 'is not a URL' }];
}
