/** Bugs in the commands of operators: ids, keys, tickets, and who may see and change what. */
import type { Plant } from './plant.ts';

const unit = {
  project: 'unit',
  tests: ['services/ingestion/http/routes/operators/operators.test.ts'],
} as const;
const folder = 'services/ingestion/application/operators';

export const operatorPlants: readonly Plant[] = [
  {
    bug: 'every customer is an operator',
    file: 'services/ingestion/application/common/caller.ts',
    good: "return scopes.has('orders:ops');",
    bad: 'return scopes.size > 0;',
    ...unit,
  },
  {
    bug: 'an operator sees only its own orders',
    file: 'services/ingestion/application/read/status.ts',
    good: 'order.customerId !== customerId && !isOperator',
    bad: 'order.customerId !== customerId',
    ...unit,
    only: 'orders of customers',
  },
  {
    bug: 'an operator cancels in the name of a customer',
    file: 'services/ingestion/application/submit/to-command.ts',
    good: 'const sender = isOperator',
    bad: 'const sender = isOperator && customerId === null',
    ...unit,
  },
  {
    bug: 'the key of one route is the key of all routes',
    file: `${folder}/operator-command.ts`,
    good: '`$' + '{prefix}:$' + '{digest}`',
    bad: "'ship:' + hash('sha256', key, 'hex').slice(0, 32)",
    ...unit,
  },
  {
    bug: 'the fingerprint has the time of the request',
    file: `${folder}/operator-command.ts`,
    good: 'canonicalJson(request)',
    bad: 'canonicalJson(change)',
    ...unit,
  },
  {
    bug: 'a request that lost its key is shown as applied',
    file: `${folder}/command-ticket.ts`,
    good: 'return fingerprint.startsWith(ticket.fingerprint);',
    bad: 'return fingerprint.length > 0 || ticket === null;',
    ...unit,
  },
  {
    bug: 'a conflict of keys is shown as an outcome',
    file: `${folder}/operator-commands.ts`,
    good: "if (event.outcome === 'KEY_CONFLICT') return keyReused;",
    bad: '',
    ...unit,
  },
  {
    bug: 'a wait ends with the outcome of an earlier command',
    file: `${folder}/operator-commands.ts`,
    good: 'sourceOffset === position.offset;',
    bad: 'sourceOffset <= position.offset;',
    ...unit,
    only: 'earlier command',
  },
  {
    bug: 'a line may occur twice',
    file: 'services/ingestion/application/requests/operator-rules.ts',
    good: 'seen.add(line);',
    bad: 'seen.add(-line);',
    ...unit,
  },
  {
    bug: 'an amount is refunded together with lines',
    file: 'services/ingestion/application/requests/operator-rules.ts',
    good: 'if (amount !== undefined && isByParts)',
    bad: 'if (amount === 0 && isByParts)',
    ...unit,
  },
  {
    bug: 'a delivery is reported for the future',
    file: 'services/ingestion/application/requests/operator-rules.ts',
    good: 'return atMs > nowMs',
    bad: 'return atMs > 8.64e15 + nowMs',
    ...unit,
  },
];
