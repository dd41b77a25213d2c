/**
 * Encrypts the keys of customers for the table `customer_keys`. So a copy of the database alone opens no command of the log.
 */
import { randomBytes } from 'node:crypto';
import { appError } from '../errors/index.ts';
import { decrypt, encrypt, keyBytes, keysProblem, readKeyList } from '../secrets/index.ts';
import type { CustomerKey } from './sealed-command.ts';

/** A row of `customer_keys`. */
export interface CustomerKeyRow {
  readonly customer_id: string;
  readonly key_id: string;
  /** `<id of the configured key>:<base64url of nonce, ciphertext and tag>`. */
  readonly wrapped_key: string;
}

export interface KeyWrapper {
  /** Whether a key is configured. Without one, no command is sealed or opened. */
  readonly isReady: boolean;
  /** A new key for a customer, as a row. */
  create(customerId: string): CustomerKeyRow;
  /** The key of the row. Throws CUSTOMER_KEY_UNREADABLE if the configured key is missing, or if the row was changed. */
  read(row: CustomerKeyRow): CustomerKey;
  /** The same key, encrypted with the first configured key. Null if it is so already. Throws like `read`. */
  renew(row: CustomerKeyRow): CustomerKeyRow | null;
  /** The id of the first configured key; null without a key. */
  readonly newestId: string | null;
}

const setting = 'PERSONAL_DATA_KEYS';
const keyIdBytes = 16;

/** `keys`: `<id>:<base64 of 32 bytes>`. The first one encrypts. Throws CONFIG_INVALID for an invalid list. */
export function createKeyWrapper(keys: readonly string[]): KeyWrapper {
  const known = readKeyList(setting, keys);
  const [newest] = known;
  const wrap = (customerId: string, { keyId, secret }: CustomerKey): CustomerKeyRow => {
    if (newest === undefined) throw keysProblem(setting, 'there is no key to encrypt with');
    const [id, key] = newest;
    const wrapped = encrypt(key, secret.toString('base64'), [keyId, customerId]).toString('base64url');
    return { customer_id: customerId, key_id: keyId, wrapped_key: `${id}:${wrapped}` };
  };
  const read = ({
    customer_id: customerId,
    key_id: keyId,
    wrapped_key: stored,
  }: CustomerKeyRow): CustomerKey => {
    const end = stored.indexOf(':');
    const id = idIn(stored);
    const key = known.get(id);
    if (key === undefined) throw unreadable(keyId, `the key ${id} is not in ${setting}`);
    const secret = decrypt(key, Buffer.from(stored.slice(end + 1), 'base64url'), [keyId, customerId]);
    if (secret === null) throw unreadable(keyId, 'its row was changed');
    return { keyId, secret: Buffer.from(secret, 'base64') };
  };
  return {
    isReady: newest !== undefined,
    newestId: newest?.[0] ?? null,
    create(customerId) {
      const keyId = randomBytes(keyIdBytes).toString('base64url');
      return wrap(customerId, { keyId, secret: randomBytes(keyBytes) });
    },
    read,
    renew: (row) => (idIn(row.wrapped_key) === newest?.[0] ? null : wrap(row.customer_id, read(row))),
  };
}

/** The id of the configured key that encrypted a row. */
function idIn(stored: string): string {
  return stored.slice(0, Math.max(0, stored.indexOf(':')));
}

function unreadable(keyId: string, reason: string) {
  return appError('CUSTOMER_KEY_UNREADABLE', { keyId, reason });
}
