/** Makes the pages of all codes that a client or operator can see, and of webhook bodies. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { EVENTS_SUBJECT, newestSchema, type OrderEvent } from '../../schemas/index.ts';
import { reasonTable } from '../../services/domain/reason-table.ts';
import { testEventOf } from '../../services/ingestion/application/webhooks/test-event.ts';
import { problemTable } from '../../services/ingestion/problems/problem-table.ts';
import { isOrderBound, messageText } from '../../services/notification/message.ts';
import { kinds } from '../../services/reconciliation/findings/finding-kinds.ts';
import { testEventType } from '../../services/shared/standard-webhooks/index.ts';
import { page, table } from './page.ts';

const root = join(import.meta.dirname, '..', '..');
const code = (text: string): string => `\`${text}\``;

export function problemsPage(): string {
  const rows = Object.entries(problemTable).map(([name, { status, title, meaning }]) => [
    code(name),
    String(status),
    title,
    meaning,
  ]);
  return page('Problems of the API', 'services/ingestion/problems/problem-table.ts', [
    'An answer with status 400 or above has a body of type `application/problem+json` (RFC 9457). Its `code` is one of these codes. Its `type` is the URL of a page with the same text. Branch on `code`, because texts may change. If a problem is temporary, `Retry-After` says when to send the same request again. Over gRPC, `ErrorInfo.reason` is the code ([gRPC](grpc.md)).',
    table(['code', 'status', 'title', 'meaning'], rows),
    'A rejected order is not a problem of the request: [reasons](reasons.md) explains why an order was rejected.',
  ]);
}

export function reasonsPage(): string {
  const rows = Object.entries(reasonTable).map(([name, { outcome, meaning, seen }]) => [
    code(name),
    code(outcome),
    meaning,
    seen.map(code).join(', ') || '–',
  ]);
  return page('Reason codes', 'services/domain/reason-table.ts', [
    '`reason.code` says why an order was rejected or a change was refused. It is in the order, in outcomes and in webhooks. `reason.message` is a text for people. `reason.pointer` is a JSON pointer into the order request. `reason.seen` is in outcomes only. It is a JSON object, as a text, with the values that the decision used.',
    table(['code', 'outcome', 'meaning', 'members of `seen`'], rows),
    'A later version may add codes. Treat an unknown code as a refusal. Outcomes `DEAD_LETTERED` have an [error code](errors.md) instead; [dead letters](dead-letters.md) says what helps.',
  ]);
}

export function findingsPage(): string {
  const rows = Object.entries(kinds).map(([name, kind]) => [
    code(name),
    kind.group,
    kind.subject,
    'lasting' in kind ? 'until a person resolves it' : 'until it is fixed',
    kind.remedy.replaceAll('|', '\\|'),
  ]);
  return page('Findings', 'services/reconciliation/findings/finding-kinds.ts', [
    'The table has every kind of difference that [reconciliation](reconciliation.md) reports. You see findings in `orderstream findings`, in the table `reconciliation_findings` and on [orders.findings.v1](topics/orders.findings.v1.md).',
    table(['kind', 'group', 'subject', 'stays', 'what to do'], rows),
  ]);
}

/** The time of the example of a test event. */
const exampleMs = Date.UTC(2026, 0, 5, 10);

/** Makes the body of each type from the golden outcomes, with the product's own code. */
export function webhookBodiesPage(): string {
  const version = basename(newestSchema(EVENTS_SUBJECT).path, '.avsc');
  const folder = join(root, 'schemas', EVENTS_SUBJECT, 'golden', version);
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  const events = files
    .toSorted()
    .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as OrderEvent);
  const bodies = new Map<string, string>();
  for (const event of events) if (isOrderBound(event)) bodies.set(event.type, messageText(event));
  const test = testEventOf('we_4bf92f3577b34da6a3ce929d0e0e4736', exampleMs);
  bodies.set(testEventType, test.payload);
  const parts = [...bodies].map(
    ([type, text]) => `## ${type}\n\n\`\`\`json\n${JSON.stringify(JSON.parse(text), null, 2)}\n\`\`\``,
  );
  return page('Bodies of webhooks', 'services/notification/message.ts', [
    'This page has one example of each type, made by the code that makes the posts. A type leaves out members that it does not need. [Webhooks](webhooks.md) explains the members, and says what may be missing in a large body.',
    ...parts,
  ]);
}
