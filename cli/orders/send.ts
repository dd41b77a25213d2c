/**
 * Sends a file of orders through the API and follows each accepted order to its outcome.
 *
 * A line is waiting, in flight, accepted or done. It waits for its batch or for a retry. The order of an accepted
 * line is followed. Each customer has one batch in flight at a time. Every attempt uses the same key, so a retry
 * after an unknown outcome never creates a second order. Lines with the same key are never in one batch. They are
 * sent in file order, and other lines may overtake each other. If no line and no order makes progress for
 * `stallMs`, the run ends and reports the rest as missing.
 */
import { CliError } from '../errors.ts';
import { createFollower, type Follower } from './follow.ts';
import type { BatchAnswer, PlaceAnswer } from './order-api.ts';
import { backoffMs } from './pace.ts';
import type { BadLine, OrderLine } from './read-lines.ts';
import { createRun, type Followed, followingCount, type Run, type SendDeps } from './run.ts';
import { countOrder, type SendSummary, signatureOf } from './summary.ts';

const BATCH_ORDERS = 100;
/** Half of the limit of the API, because escapes may lengthen a line. */
const BATCH_CHARACTERS = 1 << 20;
/** Maximum lines that were read but have no final response yet. */
const WAITING_LINES_MAX = 5000;

/** A line with the history of its attempts. */
interface Waiting {
  readonly line: OrderLine;
  readonly characters: number;
  why: string;
}

interface Customer {
  readonly id: string;
  readonly waiting: Waiting[];
  sending: boolean;
  attempt: number;
  /** Maximum orders of the next batch. It becomes smaller after the API refuses a whole batch. */
  batchOrdersMax: number;
}

interface Sender {
  readonly run: Run;
  readonly follower: Follower;
  readonly customers: Map<string, Customer>;
  readonly loops: Set<Promise<void>>;
  waitingCount: number;
  failure: unknown;
}

/**
 * Sends `lines` and resolves once every line has its outcome or is missing. Throws only if it can send no more
 * lines.
 */
export async function sendOrders(
  lines: AsyncIterable<OrderLine | BadLine>,
  deps: SendDeps,
): Promise<SendSummary> {
  const startedAtMs = performance.now();
  const run = createRun(deps);
  const customers = new Map<string, Customer>();
  const follower = createFollower(run, (id) => customers.get(id)?.sending === true);
  const sender: Sender = { run, follower, customers, loops: new Set(), waitingCount: 0, failure: null };
  try {
    for await (const line of lines) {
      if (sender.failure !== null) break;
      if (line.kind === 'bad') {
        run.summary.badLines.push({ line: line.line, problem: line.problem });
        continue;
      }
      run.summary.lines += 1;
      while (isFull(sender) && !run.signals.stopped()) await run.signals.changed();
      addLine(sender, line);
    }
    while (sender.loops.size > 0) await Promise.all(sender.loops);
    if (sender.failure !== null) throw sender.failure;
    await follower.done();
  } finally {
    run.signals.stop();
  }
  for (const order of run.followed.values()) countOrder(run.summary, order);
  return { ...run.summary, orders: run.followed.size, elapsedMs: performance.now() - startedAtMs };
}

function isFull({ run, waitingCount }: Sender): boolean {
  return waitingCount >= WAITING_LINES_MAX || followingCount(run) >= run.followingMax;
}

function addLine(sender: Sender, line: OrderLine): void {
  const id = line.customerId;
  const known = sender.customers.get(id);
  const customer = known ?? { id, waiting: [], sending: false, attempt: 0, batchOrdersMax: BATCH_ORDERS };
  if (known === undefined) sender.customers.set(id, customer);
  customer.waiting.push({ line, characters: JSON.stringify(line.order).length, why: 'not sent' });
  sender.waitingCount += 1;
  if (customer.sending) return;
  customer.sending = true;
  // The failure of one customer ends the whole run. The run throws it once the others have stopped.
  const loop = sendCustomer(sender, customer)
    .catch((error: unknown) => {
      sender.failure ??= error;
      sender.run.signals.stop();
    })
    .finally(() => sender.loops.delete(loop));
  sender.loops.add(loop);
}

/** Sends the lines of the customer, batch after batch, until all have a final response or the run stops. */
async function sendCustomer(sender: Sender, customer: Customer): Promise<void> {
  const { run } = sender;
  // Lines that are read in this turn of the event loop join the first batch.
  await new Promise((resolve) => setImmediate(resolve));
  while (customer.waiting.length > 0 && !run.signals.stopped()) {
    await run.signals.sleep(run.gates.waitMs(customer.id));
    await run.limitPlaces(async () => {
      if (run.signals.stopped()) return;
      const batch = nextBatch(customer);
      const answer = await run.api.placeAll(
        customer.id,
        batch.map(({ line }) => line),
      );
      takeAnswer(sender, customer, batch, answer);
    });
    if (customer.attempt > 0) await run.signals.sleep(backoffMs(customer.attempt));
  }
  customer.sending = false;
  for (const { line, why } of customer.waiting.splice(0)) {
    sender.waitingCount -= 1;
    run.summary.missing.push({ line: line.line, why });
  }
  sender.follower.placed(customer.id);
}

/** The next lines with distinct keys. A line whose key is already in the batch waits. */
function nextBatch({ waiting, batchOrdersMax }: Customer): Waiting[] {
  const keys = new Set<string>();
  const batch: Waiting[] = [];
  let characters = 0;
  for (const each of waiting) {
    if (batch.length >= batchOrdersMax) break;
    if (keys.has(each.line.idempotencyKey)) continue;
    if (batch.length > 0 && characters + each.characters > BATCH_CHARACTERS) break;
    keys.add(each.line.idempotencyKey);
    characters += each.characters;
    batch.push(each);
  }
  return batch;
}

function takeAnswer(
  sender: Sender,
  customer: Customer,
  batch: readonly Waiting[],
  answer: BatchAnswer,
): void {
  if (answer.kind === 'answered') {
    const settled = new Set(
      batch.filter((each, index) => takeResult(sender, customer, each, answer.results[index]!)),
    );
    const isUnknown = answer.results.some(({ kind }) => kind === 'unknown');
    customer.attempt = isUnknown ? customer.attempt + 1 : 0;
    customer.batchOrdersMax = Math.min(BATCH_ORDERS, 2 * customer.batchOrdersMax);
    forget(sender, customer, settled);
    return;
  }
  const isWhole = answer.kind === 'refused' && batch.length > 1 && !isTokenRefused(answer.status);
  if (isWhole) {
    // One bad line may make the API refuse the whole batch. The batch is halved down to that line, which then gets
    // its own response.
    customer.batchOrdersMax = Math.floor(batch.length / 2);
    return;
  }
  customer.attempt = answer.kind === 'unknown' ? customer.attempt + 1 : 0;
  const settled = new Set(batch.filter((each) => takeResult(sender, customer, each, answer)));
  forget(sender, customer, settled);
}

function forget(sender: Sender, customer: Customer, settled: ReadonlySet<Waiting>): void {
  if (settled.size === 0) return;
  const left = customer.waiting.filter((each) => !settled.has(each));
  customer.waiting.splice(0, customer.waiting.length, ...left);
  sender.waitingCount -= settled.size;
  sender.run.moved();
}

/** True if the line has its final response. */
function takeResult(sender: Sender, customer: Customer, each: Waiting, answer: PlaceAnswer): boolean {
  const { run } = sender;
  switch (answer.kind) {
    case 'accepted':
      accept(sender, each.line, answer);
      return true;
    case 'refused':
      refuse(run, each.line, answer);
      return true;
    case 'later':
      each.why = answer.why;
      run.gates.close(answer.scope === 'caller' ? customer.id : null, answer.afterMs);
      return false;
    case 'unknown':
      each.why = answer.why;
      return false;
  }
}

function accept(
  { run, follower }: Sender,
  line: OrderLine,
  answer: Extract<PlaceAnswer, { kind: 'accepted' }>,
): void {
  run.summary.accepted += 1;
  if (answer.replayed) run.summary.replayed += 1;
  const known = run.followed.get(answer.id);
  const order: Followed = known ?? {
    id: answer.id,
    line: line.line,
    customerId: line.customerId,
    statusUrl: answer.statusUrl,
    asked: [],
    outcome: null,
    lastWhy: 'no outcome yet',
  };
  order.asked.push({ line: line.line, signature: signatureOf(line.order) });
  run.followed.set(answer.id, order);
  if (known === undefined) follower.add(order, answer.isDecided);
}

function refuse(run: Run, line: OrderLine, answer: Extract<PlaceAnswer, { kind: 'refused' }>): void {
  const { summary } = run;
  if (isTokenRefused(answer.status)) {
    run.signals.stop();
    throw new CliError(
      `the API refused the token of customer ${line.customerId}: ${answer.status} ${answer.detail}`,
    );
  }
  // With 422 the API reports early the conflict that the worker would report as KEY_CONFLICT.
  if (answer.status === 422) summary.keyConflicts += 1;
  else {
    const { status, code, detail } = answer;
    summary.refused[code] = (summary.refused[code] ?? 0) + 1;
    summary.refusedLines.push({ line: line.line, status, code, detail });
  }
}

function isTokenRefused(status: number): boolean {
  return status === 401 || status === 403;
}
