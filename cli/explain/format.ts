/** The life of an order as text, oldest first. */
import type { RowDataPacket } from 'mysql2/promise';
import { amountText } from '../../services/domain/index.ts';
import { backText, unitsText } from '../changes/format.ts';
import { table, toJson } from '../output.ts';
import type { OrderLife } from './explain.ts';

/** Lines for a terminal, without empty sections. */
export function formatLife(life: OrderLife): string {
  return [
    headOf(life).join('\n'),
    section('commands', life.commands.map(commandRow)),
    section('outcomes', life.outcomes.map(outcomeRow)),
    section(
      'decided, not known to be published',
      life.outbox.map((row) => [
        `@${row['from_offset']} to @${row['to_offset'] - 1}`,
        `epoch ${row['epoch']}`,
      ]),
    ),
    section(
      'lines',
      life.items.map((row) => [
        ...pick(row, ['line_no', 'sku', 'quantity', 'unit_price', 'line_total']),
        ...unitCounts.filter((name) => row[name] > 0).map((name) => `${name} ${row[name]}`),
      ]),
    ),
    section('parcels', life.shipments.map(shipmentRow)),
    section('returns', life.returns.map(returnRow)),
    section(
      'history',
      life.history.map((row) => [
        `version ${row['version']}`,
        row['status'],
        row['command_type'],
        row['actor'],
        time(row['at_ms']),
      ]),
    ),
    section('payments', life.payments.map(paymentRow)),
    section('refunds', life.refunds.map(refundRow)),
    section(
      'stored commands',
      life.storedCommands.map((row) =>
        pick(row, ['command_type', 'outcome', 'version', 'status', 'command_id']),
      ),
    ),
    section(
      'dead letters',
      life.deadLetters.map((row) => [
        `${row['partition_id']}-${row['source_offset']}`,
        ...pick(row, ['reason_code', 'status', 'message']),
      ]),
    ),
    section(
      'deliveries',
      life.deliveries.map((row) =>
        pick(row, ['event_id', 'event_type', 'endpoint_id', 'status', 'attempts', 'last_error']),
      ),
    ),
    section(
      'findings',
      life.findings.map((row) => pick(row, ['kind', 'status', 'expected', 'actual', 'remedy'])),
    ),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function headOf(life: OrderLife): string[] {
  const { order, lane, snapshot } = life;
  const head = [`order ${life.orderId}, partition ${life.partition}`];
  if (order === null) head.push('no row: not processed yet, dead-lettered, or never placed');
  else {
    head.push(
      `${order['status']} version ${order['version']}, customer ${order['customer_id']}, total ${order['total']} ${order['currency']} (minor units)`,
    );
    if (order['reason'] !== null) head.push(`reason: ${order['reason']}`);
  }
  if (lane !== null) {
    head.push(
      `lane now: owner ${lane.owner || '(none)'}, epoch ${lane.epoch}, decided to ${lane.next}, published to ${lane.published}`,
    );
  }
  const waits = [...(life.waitsFor === null ? [] : [life.waitsFor]), ...life.orderWaits];
  for (const wait of waits.length === 0 ? ['nothing'] : waits) head.push(`waits for: ${wait}`);
  if (snapshot !== null) {
    head.push(`snapshot: ${snapshot.status} version ${snapshot.version}, of @${snapshot.sourceOffset}`);
  }
  return head;
}

/** The units of a line that something happened to. The last one is units that were paid back. */
const unitCounts = ['shipped', 'cancelled', 'returned', 'restocked', 'refunded'] as const;

function shipmentRow(row: RowDataPacket): string[] {
  const { shipment_no: no, line_units: units, delivered_at_ms: deliveredAtMs } = row;
  return [
    String(no),
    unitsText(units),
    `shipped ${time(row['shipped_at_ms'])}`,
    deliveredAtMs === null ? 'not delivered' : `delivered ${time(deliveredAtMs)}`,
    ...pick(row, ['carrier', 'tracking_number']),
  ];
}

function returnRow(row: RowDataPacket): string[] {
  const { return_no: no, line_units: units, refund_id: refundId } = row;
  const refund = refundId === null ? 'without a refund' : `refund ${refundId}`;
  return [String(no), backText(units), time(row['returned_at_ms']), refund];
}

function commandRow({ offset, time: at, command }: OrderLife['commands'][number]): string[] {
  if ('undecodable' in command) return [`@${offset}`, at, 'undecodable', command.undecodable];
  return [`@${offset}`, at, command.type, command.actor, command.commandId];
}

function outcomeRow({ offset, repeat, event }: OrderLife['outcomes'][number]): string[] {
  if ('undecodable' in event) return [`@${offset}`, 'undecodable', event.undecodable];
  const reason = event.reason === null ? '' : `${event.reason.code}: ${event.reason.message}`;
  return [
    `@${offset}`,
    time(event.occurredAt),
    `of @${event.sourceOffset}`,
    event.outcome,
    event.type,
    `${event.status ?? '-'} version ${event.version}`,
    repeat ? 'repeat' : reason,
  ];
}

function paymentRow(row: RowDataPacket): string[] {
  const id = `${row['provider']} ${row['provider_payment_id']}`;
  return [id, amountOf(row), row['disposition'], time(Number(row['received_at_ms']))];
}

function refundRow(row: RowDataPacket): string[] {
  const note = row['failure_code'] ?? row['last_reason'] ?? row['provider_refund_id'] ?? '-';
  const { refund_id: id, status, reason, line_units: units } = row;
  const parts = [...(units === null ? [] : [unitsText(units)]), ...(row['shipping'] ? ['shipping'] : [])];
  const of = parts.length === 0 ? '-' : parts.join(' and ');
  return [id, amountOf(row), status, reason, of, time(Number(row['requested_at_ms'])), String(note)];
}

function amountOf({ amount, currency }: RowDataPacket): string {
  return amountText(Number(amount), currency) ?? `${amount} ${currency}`;
}

function pick(row: Record<string, unknown>, columns: string[]): string[] {
  return columns.map((column) => {
    const value = row[column];
    if (value === null || value === undefined) return '-';
    return typeof value === 'object' ? toJson(value) : String(value);
  });
}

function section(title: string, rows: string[][]): string {
  if (rows.length === 0) return '';
  return `${title}\n${table(rows.map((row) => ['', ...row]))}`;
}

function time(ms: unknown): string {
  return typeof ms === 'number' ? new Date(ms).toISOString() : String(ms ?? '-');
}
