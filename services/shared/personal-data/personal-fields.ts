/** The personal fields of a command: taken out of its payload, and put back. The country and the region of an address stay. */
import type { Address, MetadataEntry, OrderCommand } from '../../../schemas/index.ts';

type PersonalAddress = Pick<Address, 'name' | 'line1' | 'line2' | 'city' | 'postalCode'>;

/** A field that is absent had no content. The names are those of the payload. */
export interface PersonalFields {
  readonly shippingAddress?: PersonalAddress;
  readonly contactEmail?: string;
  readonly metadata?: MetadataEntry[];
  readonly reason?: string;
}

/** The personal fields that have content; null if there is none. */
export function personalFieldsOf(command: OrderCommand): PersonalFields | null {
  if (command.type === 'PLACE') {
    const { shippingAddress, contactEmail, metadata } = command.payload;
    if (shippingAddress === null && contactEmail === null && metadata.length === 0) return null;
    return {
      ...(shippingAddress === null ? {} : { shippingAddress: personalPart(shippingAddress) }),
      ...(contactEmail === null ? {} : { contactEmail }),
      ...(metadata.length === 0 ? {} : { metadata }),
    };
  }
  const reason = 'reason' in command.payload ? command.payload.reason : null;
  return reason === null ? null : { reason };
}

/** Whether a personal field has content. */
export function hasPersonalFields(command: OrderCommand): boolean {
  return personalFieldsOf(command) !== null;
}

/** The command with empty personal fields. */
export function withoutPersonalFields(command: OrderCommand): OrderCommand {
  const empty = { name: '', line1: '', line2: null, city: '', postalCode: '' };
  return withPersonalFields(command, { shippingAddress: empty });
}

/** The command with these personal fields, and without its own. */
export function withPersonalFields(command: OrderCommand, fields: PersonalFields): OrderCommand {
  const { payload } = command;
  if (command.type === 'PLACE') {
    const { shippingAddress } = command.payload;
    const { contactEmail = null, metadata = [] } = fields;
    const address = shippingAddress === null ? null : { ...shippingAddress, ...fields.shippingAddress };
    return { ...command, payload: { ...command.payload, shippingAddress: address, contactEmail, metadata } };
  }
  if (!('reason' in payload)) return command;
  return { ...command, payload: { ...payload, reason: fields.reason ?? null } } as OrderCommand;
}

/** Reads the JSON text of personal fields. Null if it is no JSON, or if a member has another type. */
export function readPersonalFields(text: string): PersonalFields | null {
  const value = parsed(text);
  if (!isObject(value)) return null;
  const { shippingAddress, contactEmail, metadata, reason } = value;
  const isValid =
    (shippingAddress === undefined || isPersonalAddress(shippingAddress)) &&
    [contactEmail, reason].every((each) => each === undefined || typeof each === 'string') &&
    (metadata === undefined || (Array.isArray(metadata) && metadata.every(isEntry)));
  return isValid ? (value as PersonalFields) : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The caller treats a text that is no JSON like one of another form.
    return null;
  }
}

function personalPart({ name, line1, line2, city, postalCode }: Address): PersonalAddress {
  return { name, line1, line2, city, postalCode };
}

function isPersonalAddress(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { name, line1, line2, city, postalCode } = value;
  const texts = [name, line1, city, postalCode];
  return (line2 === null || typeof line2 === 'string') && texts.every((each) => typeof each === 'string');
}

function isEntry(value: unknown): boolean {
  return isObject(value) && typeof value['key'] === 'string' && typeof value['value'] === 'string';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
