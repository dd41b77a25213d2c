/** Encrypts the personal fields of a command with the key of its customer, and decrypts them (docs/decisions/0090). */
import type { OrderCommand } from '../../../schemas/index.ts';
import { appError } from '../errors/index.ts';
import { decrypt, encrypt } from '../secrets/index.ts';
import {
  personalFieldsOf,
  readPersonalFields,
  withoutPersonalFields,
  withPersonalFields,
} from './personal-fields.ts';

/** The key of one customer. `keyId` names it in commands and in the table `customer_keys`. */
export interface CustomerKey {
  readonly keyId: string;
  /** 32 bytes. */
  readonly secret: Buffer;
}

/** The command with sealed fields. Returns the command unchanged if it has no personal field, or without a key. */
export function sealCommand<C extends OrderCommand>(command: C, key: CustomerKey | null): C {
  if (key === null) return command;
  const fields = personalFieldsOf(command);
  if (fields === null) return command;
  const ciphertext = encrypt(key.secret, JSON.stringify(fields), boundTo(command, key.keyId));
  return { ...withoutPersonalFields(command), sealed: { keyId: key.keyId, ciphertext } } as C;
}

/**
 * The command with its personal fields. `secret` is the key that `sealed` names. Throws SEALED_FIELDS_INVALID if the
 * fields were not encrypted with this key for this command.
 */
export function openCommand(command: OrderCommand, secret: Buffer): OrderCommand {
  const { sealed } = command;
  if (sealed === null) return command;
  const text = decrypt(secret, sealed.ciphertext, boundTo(command, sealed.keyId));
  if (text === null) throw invalid('they were changed, or encrypted for another command');
  const fields = readPersonalFields(text);
  if (fields === null) throw invalid('a field has an unknown form');
  return { ...withPersonalFields(command, fields), sealed: null };
}

/** The ciphertext is valid only in this command. So nobody can move fields to the order of another person. */
function boundTo({ commandId, orderId, type }: OrderCommand, keyId: string): readonly string[] {
  return [keyId, type, commandId, orderId ?? ''];
}

function invalid(reason: string) {
  return appError('SEALED_FIELDS_INVALID', { reason });
}
