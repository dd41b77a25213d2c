/**
 * The ticket of a command. It gives the position in the log, and it has the fingerprint of its request. So a reader
 * knows whether the stored command is the one that was sent, without any store.
 */
import type { LogPosition, Tickets } from '../common/ticket.ts';
import { type CommandSubject, type OperatorCommand, subjectKeyOf } from './operator-command.ts';

export interface CommandTicket {
  /** `otherLog` for a ticket of a deleted log. */
  readonly position: LogPosition | 'otherLog';
  /** The first characters of the fingerprint, in base64url. */
  readonly fingerprint: string;
}

/** 132 bits. */
const fingerprintCharacters = 22;

/** The value of the query parameter `t`. Every operator may use it. */
export function issueCommandTicket(
  tickets: Tickets,
  { subject, commandId, fingerprint }: Pick<OperatorCommand, 'subject' | 'commandId' | 'fingerprint'>,
  position: LogPosition,
): string {
  const start = fingerprint.slice(0, fingerprintCharacters);
  return `${start}.${tickets.issue(commandId, ownerOf(subject, start), position)}`;
}

/** Null for an invalid ticket, or for a ticket of another command. */
export function readCommandTicket(
  tickets: Tickets,
  text: string,
  { subject, commandId }: Pick<OperatorCommand, 'subject' | 'commandId'>,
): CommandTicket | null {
  const start = text.slice(0, fingerprintCharacters);
  if (text[fingerprintCharacters] !== '.') return null;
  const position = tickets.read(text.slice(fingerprintCharacters + 1), commandId, ownerOf(subject, start));
  return position === null ? null : { position, fingerprint: start };
}

/** Whether the ticket belongs to a request with this fingerprint. */
export function isTicketOf(ticket: CommandTicket, fingerprint: string): boolean {
  return fingerprint.startsWith(ticket.fingerprint);
}

function ownerOf(subject: CommandSubject, fingerprint: string): string {
  return `${subjectKeyOf(subject)}|${fingerprint}`;
}
