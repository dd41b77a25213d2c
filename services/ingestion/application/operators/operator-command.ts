/**
 * The command of an operator. Its id follows from the subject, the type and the idempotency key, so a repeated
 * request is the same command. The fingerprint of its request detects another request with the same key.
 */
import { hash } from 'node:crypto';
import type { KeyedCommand } from '../../../shared/command-log/index.ts';
import type { OutMessage } from '../../../shared/kafka/index.ts';
import type { CommandLog } from '../submit/command-log.ts';
import { canonicalJson } from '../submit/fingerprint.ts';
import type { OperatorChange } from './changes.ts';

/** What a command is about: an order, or the stock of a SKU. */
export type CommandSubject = { readonly orderId: string } | { readonly sku: string };

/** A command of an operator, ready for the log. */
export interface OperatorCommand {
  readonly subject: CommandSubject;
  readonly commandId: string;
  readonly type: OperatorChange['type'];
  /** SHA-256 of the request's canonical JSON, in base64url. */
  readonly fingerprint: string;
  readonly message: OutMessage;
}

export interface OperatorCommandInput {
  readonly subject: CommandSubject;
  readonly change: OperatorChange;
  /** What the operator sent, without defaults. A default may depend on the time, and a repeat must stay equal. */
  readonly request: object;
  readonly idempotencyKey: string;
  /** The subject of the operator's token. */
  readonly operator: string;
  readonly traceparent: string | null;
}

export interface EncodeDeps {
  readonly commandLog: Pick<CommandLog, 'encode'>;
  readonly nowMs: () => number;
}

/** The time in the command is the time of this call. */
export function encodeOperatorCommand(
  { commandLog, nowMs }: EncodeDeps,
  { subject, change, request, idempotencyKey, operator, traceparent }: OperatorCommandInput,
): OperatorCommand {
  const commandId = commandIdOf(subject, change.type, idempotencyKey);
  const fingerprint = hash('sha256', canonicalJson(request), 'base64url');
  // Only a change of stock has a SKU as its subject, and only such a command has no order.
  const command = {
    commandId,
    orderId: 'orderId' in subject ? subject.orderId : null,
    customerId: null,
    actor: operatorActor(operator),
    idempotencyKey,
    fingerprint: Buffer.from(fingerprint, 'base64url'),
    issuedAt: nowMs(),
    traceparent,
    sealed: null,
    ...change,
  } as KeyedCommand;
  const message = commandLog.encode(command);
  return { subject, commandId, type: change.type, fingerprint, message };
}

/** Maximum length of an actor in a command. */
const actorLengthMax = 128;

/** The actor of an operator's command. A long subject is cut. */
export function operatorActor(operator: string): string {
  return `operator:${operator}`.slice(0, actorLengthMax);
}

/** The key of the subject's records in both logs. */
export function subjectKeyOf(subject: CommandSubject): string {
  return 'orderId' in subject ? subject.orderId : subject.sku;
}

/** Ids of stock commands are unique over all SKUs, so they begin with the SKU. The worker checks this. */
function commandIdOf(subject: CommandSubject, type: OperatorChange['type'], key: string): string {
  const digest = hash('sha256', `${subjectKeyOf(subject)}\0${type}\0${key}`, 'hex').slice(0, 32);
  const prefix = 'sku' in subject ? `stock:${subject.sku}` : type.toLowerCase().replaceAll('_', '-');
  return `${prefix}:${digest}`;
}

/** The type of a command with an id of `commandIdOf`. */
export function commandTypeOf(commandId: string): string {
  const [prefix] = commandId.split(':', 1);
  return prefix === 'stock' ? 'ADJUST_STOCK' : prefix!.toUpperCase().replaceAll('-', '_');
}
