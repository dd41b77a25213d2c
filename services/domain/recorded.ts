/**
 * Applies outcomes that are published already. After a restore of an older database, the outcomes are the truth, because
 * subscribers have acted on them. So nothing here decides whether a command succeeds: the outcome says it. What an
 * outcome leaves out follows from its command and from the rows, by the handlers that decided it.
 */
import type { OrderCommand, OrderEvent } from '../../schemas/generated/types.ts';
import type { CommandOf } from './commands/handler.ts';
import { countedUnits, createOrder } from './commands/place.ts';
import { handlerOf } from './commands/registry.ts';
import type {
  CommandRow,
  DecideSettings,
  Decision,
  DecisionContext,
  Snapshot,
  SourceRecord,
} from './context.ts';
import { decisionOf, openContext } from './decision-context.ts';
import { accepted, refused, rejected } from './events.ts';
import type { OrderStatus } from './orders/status.ts';
import { type PricedOrder, priceOrder } from './pricing/price.ts';
import { type Coupon, countsRedemptions } from './pricing/rules.ts';

/** A command of the log with its published outcome. */
interface RecordedCommand {
  readonly record: SourceRecord;
  readonly outcome: OrderEvent;
}

/** A row that an outcome needs, and that the restored tables lack. */
export class MissingForOutcome extends Error {}

/**
 * Applies the outcomes of one batch: all have the same time, and the accepted orders among them the same rules. The
 * snapshot is that of `asRecorded`. Its levels are not used.
 *
 * @returns what a worker wrote. Its events are rebuilt from the rows, so the caller can compare them with the outcomes.
 * @throws MissingForOutcome if the tables lack a coupon or an order that an outcome names
 */
export function applyOutcomes(
  snapshot: Snapshot,
  commands: readonly RecordedCommand[],
  settings: DecideSettings,
): Decision {
  const context = openContext(snapshot, settings);
  const rows: CommandRow[] = [];
  const events = commands.map((each) => applyOutcome(context, rows, each));
  return decisionOf(context, events, rows);
}

/**
 * The rows before a batch, with the rules that its outcomes name. A payment that an outcome applied was unknown, whatever
 * other lanes stored since.
 */
export function asRecorded(snapshot: Snapshot, commands: readonly RecordedCommand[]): Snapshot {
  const order = commands.find(({ outcome }) => outcome.order !== null)?.outcome.order ?? null;
  const money = { ...snapshot.money, byProvider: new Map() };
  if (order === null) return { ...snapshot, money };
  const { rulesVersion: version, flags: flagsText, priceVersion } = order;
  const coupons = countsRedemptions(flagsText) ? 'on' : 'unlimited';
  const flags = { ...snapshot.rules.flags, coupons } as const;
  return { ...snapshot, money, priceVersion, rules: { ...snapshot.rules, version, flagsText, flags } };
}

function applyOutcome(
  context: DecisionContext,
  rows: CommandRow[],
  { record, outcome }: RecordedCommand,
): OrderEvent {
  const { content } = record;
  // These outcomes change no order and store no command.
  if (content.kind === 'deadLetter' || leavesNoRow(outcome)) return outcome;
  const { command } = content;
  if (command.type === 'PLACE') return place(context, record, command, outcome);
  const event = change(context, record, command, outcome);
  const { version, reason, fingerprint } = { ...event, fingerprint: command.fingerprint };
  const status = event.status as OrderStatus | null;
  rows.push({ version, status, reason, fingerprint, record, command, outcome: event.outcome });
  return event;
}

function leavesNoRow({ outcome }: OrderEvent): boolean {
  return outcome === 'DEAD_LETTERED' || outcome === 'DUPLICATE' || outcome === 'KEY_CONFLICT';
}

/** A refusal without money changed nothing but the stored command. Everything else repeats the handler. */
function change(
  context: DecisionContext,
  record: SourceRecord,
  command: OrderCommand,
  outcome: OrderEvent,
): OrderEvent {
  const { nowMs } = context.settings;
  const hasMoney = outcome.payment !== null || outcome.refund !== null;
  if (outcome.outcome === 'REFUSED' && !hasMoney) {
    const { status, version, reason } = outcome;
    const seen = status === null ? null : { status: status as OrderStatus, version };
    return refused(record, command, seen, reason!, nowMs);
  }
  if (command.type === 'ADJUST_STOCK') return adjust(context, record, command, outcome);
  const handler = handlerOf(command.type);
  if (handler === undefined) throw new RangeError(`there is no handler for ${command.type}`);
  return handler.decide(context, record, command);
}

/** The level after an adjustment depends on all lanes. So it is the level that the outcome names. */
function adjust(
  context: DecisionContext,
  record: SourceRecord,
  command: CommandOf<'ADJUST_STOCK'>,
  outcome: OrderEvent,
): OrderEvent {
  const { sku, delta, available } = outcome.stock!;
  context.stock.adjust(sku, delta);
  context.goods.addMovement(record, { sku, delta, available, command });
  return outcome;
}

/** An order as its outcome shows it. A rejected one shows no prices, so it has those of the present catalogue. */
function place(
  context: DecisionContext,
  record: SourceRecord,
  command: CommandOf<'PLACE'>,
  outcome: OrderEvent,
): OrderEvent {
  const { nowMs } = context.settings;
  const { products, rules } = context.snapshot;
  const { payload } = command;
  const shown = outcome.order;
  if (shown === null) {
    const { priced } = priceOrder(payload, products, rules, command.issuedAt);
    createOrder(context, record, command, {
      priced,
      reason: outcome.reason,
      dueAtMs: 0,
      coupon: null,
      units: 0,
    });
    return rejected(record, command, outcome.reason!, nowMs);
  }
  const priced: PricedOrder = { ...shown, lines: shown.lines };
  const order = createOrder(context, record, command, {
    priced,
    reason: null,
    dueAtMs: shown.paymentDueAt ?? 0,
    coupon: couponOf(context.snapshot, shown.couponCode),
    units: countedUnits(context.snapshot, shown.total, payload),
  });
  return accepted(order, context.snapshot, nowMs);
}

function couponOf({ rules }: Snapshot, code: string | null): Coupon | null {
  if (code === null) return null;
  const coupon = rules.coupons.get(code);
  if (coupon === undefined)
    throw new MissingForOutcome(`the coupon ${code} is not in the tables; import the coupons first`);
  return coupon;
}
