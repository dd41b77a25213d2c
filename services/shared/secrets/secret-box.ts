import { derived } from '../config/index.ts';
import { appError } from '../errors/index.ts';
import { decrypt, encrypt } from './aes.ts';
import { keysProblem, readKeyList } from './key-list.ts';

/** The owner of a secret. The ciphertext is bound to both ids, so a copy in another row cannot be decrypted. */
type SecretOwner = { readonly endpointId: string; readonly customerId: string };

export type SecretBox = {
  /** Encrypts with the newest key: `enc:v1:<key id>:<base64url of nonce, ciphertext and tag>`. */
  seal(secret: string, owner: SecretOwner): string;
  /**
   * Decrypts a stored secret. Returns an unencrypted secret (`whsec_…`) unchanged. Throws SECRET_UNREADABLE if
   * the key is not configured, or if the text was encrypted for another owner.
   */
  open(stored: string, owner: SecretOwner): string;
  /** Id of the key that `seal` uses. Null for a box without keys, which can only read unencrypted secrets. */
  readonly newestKeyId: string | null;
  readonly keyIds: ReadonlySet<string>;
};

const prefix = 'enc:v1:';
const setting = 'WEBHOOK_SECRET_KEYS';

/**
 * Creates a box from keys `<id>:<base64 of 32 bytes>`. The first key encrypts, and all keys decrypt. Throws
 * CONFIG_INVALID for an invalid key and for a duplicate id. The error does not show the keys.
 */
export function createSecretBox(keys: readonly string[]): SecretBox {
  const known = readKeyList(setting, keys);
  const [newest] = known;

  return {
    seal(secret, owner) {
      if (newest === undefined) throw keysProblem(setting, 'there is no key to encrypt with');
      const [newestKeyId, newestKey] = newest;
      return `${prefix}${newestKeyId}:${encrypt(newestKey, secret, boundTo(owner)).toString('base64url')}`;
    },
    open(stored, owner) {
      const keyId = keyIdOf(stored);
      if (keyId === null) return stored;
      const key = known.get(keyId);
      if (key === undefined) throw unreadable(owner, `its key ${keyId} is not configured`);
      const body = Buffer.from(stored.slice(prefix.length + keyId.length + 1), 'base64url');
      const secret = decrypt(key, body, boundTo(owner));
      if (secret === null)
        throw unreadable(owner, 'it is too short, it was changed, or it was encrypted for another endpoint');
      return secret;
    },
    newestKeyId: newest?.[0] ?? null,
    keyIds: new Set(known.keys()),
  };
}

/** A box that follows a list of keys which may change. Each call uses the present keys. */
export function createLiveSecretBox(keys: () => readonly string[]): SecretBox {
  const box = derived(keys, createSecretBox);
  return {
    seal: (secret, owner) => box().seal(secret, owner),
    open: (stored, owner) => box().open(stored, owner),
    get newestKeyId() {
      return box().newestKeyId;
    },
    get keyIds() {
      return box().keyIds;
    },
  };
}

/** Id of the key of an encrypted secret; null for an unencrypted secret. */
export function keyIdOf(stored: string): string | null {
  if (!stored.startsWith(prefix)) return null;
  const end = stored.indexOf(':', prefix.length);
  return stored.slice(prefix.length, end === -1 ? undefined : end);
}

function boundTo({ endpointId, customerId }: SecretOwner): readonly string[] {
  return [endpointId, customerId];
}

function unreadable({ endpointId }: SecretOwner, reason: string) {
  return appError('SECRET_UNREADABLE', { endpointId, reason });
}
