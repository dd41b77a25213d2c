/** Decodes and encodes messages. */
import {
  create,
  type DescMessage,
  fromBinary,
  type Message,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { Problem } from '../problem.ts';

type Decoded<D extends DescMessage> =
  | { readonly message: MessageShape<D>; readonly problem: null }
  | { readonly message: null; readonly problem: Problem };

/** Messages here nest at most four deep. */
const recursionLimit = 10;

/**
 * The message, or the problem MESSAGE_INVALID. An unknown field is refused: this version would not do what the field
 * asks for.
 */
export function decode<D extends DescMessage>(desc: D, bytes: Uint8Array): Decoded<D> {
  let message: MessageShape<D>;
  try {
    message = fromBinary(desc, bytes, { readUnknownFields: true, recursionLimit });
  } catch {
    // The text of the error may quote the message, which may have personal data.
    const detail = `The bytes are not a valid ${desc.name}.`;
    return { message: null, problem: new Problem('MESSAGE_INVALID', { detail }) };
  }
  const unknown = unknownField(desc, message);
  if (unknown === null) return { message, problem: null };
  const detail = `${unknown.type} has no field with the number ${unknown.number}.`;
  return { message: null, problem: new Problem('MESSAGE_INVALID', { detail }) };
}

/** The bytes of a message with these members. */
export function encode<D extends DescMessage>(desc: D, members: MessageInitShape<D>): Uint8Array {
  return toBinary(desc, create(desc, members));
}

interface UnknownField {
  readonly type: string;
  readonly number: number;
}

/** The first unknown field of the message or of a message in it. */
function unknownField(desc: DescMessage, message: Message): UnknownField | null {
  const [first] = message.$unknown ?? [];
  if (first !== undefined) return { type: desc.name, number: first.no };
  const members = message as unknown as Record<string, unknown>;
  for (const field of desc.fields) {
    const value = members[field.localName];
    if (value === undefined) continue;
    if (field.fieldKind === 'message') {
      const found = unknownField(field.message, value as Message);
      if (found !== null) return found;
    } else if (field.fieldKind === 'list' && field.listKind === 'message') {
      for (const item of value as Message[]) {
        const found = unknownField(field.message, item);
        if (found !== null) return found;
      }
    }
  }
  return null;
}
