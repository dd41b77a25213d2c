/**
 * Opens the sealed fields of commands. Their keys are read behind the fence, in the transaction that decides. So an erasure works at
 * once, and no worker has a key in a cache. A command whose key is erased stays sealed, and the decision sees this.
 */
import type { OrderCommand } from '../../../schemas/index.ts';
import { commandProblem, type SourceRecord } from '../../domain/index.ts';
import { appError } from '../../shared/errors/index.ts';
import { type CustomerKeyRow, type KeyWrapper, openCommand } from '../../shared/personal-data/index.ts';
import type { DecodedPart } from './decode.ts';

/** The ids of the keys that the commands name. */
export function sealedKeyIds(parts: readonly Pick<DecodedPart, 'sources'>[]): Set<string> {
  const ids = new Set<string>();
  for (const { sources } of parts) {
    for (const { content } of sources) {
      if (content.kind === 'command' && content.command.sealed !== null)
        ids.add(content.command.sealed.keyId);
    }
  }
  return ids;
}

/**
 * The parts with opened commands. Throws SEALED_FIELDS_INVALID for fields that their key does not open. Throws
 * CUSTOMER_KEY_UNREADABLE if this process lacks the key of a row.
 */
export function unsealParts<Part extends Pick<DecodedPart, 'sources'>>(
  parts: readonly Part[],
  rows: ReadonlyMap<string, CustomerKeyRow>,
  wrapper: Pick<KeyWrapper, 'read'>,
): readonly Part[] {
  if (rows.size === 0) return parts;
  const secrets = new Map([...rows].map(([keyId, row]) => [keyId, wrapper.read(row).secret]));
  return parts.map((part) => ({ ...part, sources: part.sources.map((source) => unsealed(source, secrets)) }));
}

function unsealed(source: SourceRecord, secrets: ReadonlyMap<string, Buffer>): SourceRecord {
  const { content } = source;
  if (content.kind !== 'command' || content.command.sealed === null) return source;
  const secret = secrets.get(content.command.sealed.keyId);
  if (secret === undefined) return source;
  return { ...source, content: { kind: 'command', command: opened(content.command, secret) } };
}

/** The rules for commands hold for sealed fields too. */
function opened(command: OrderCommand, secret: Buffer): OrderCommand {
  const plain = openCommand(command, secret);
  const problem = commandProblem(plain);
  if (problem !== null) throw appError('SEALED_FIELDS_INVALID', { reason: problem });
  return plain;
}
