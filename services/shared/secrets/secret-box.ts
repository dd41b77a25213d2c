import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { appError } from '../errors/index.ts';

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

const algorithm = 'aes-256-gcm';
const prefix = 'enc:v1:';
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const keyForm = /^([a-z0-9][a-z0-9-]{0,15}):([A-Za-z0-9+/]{43}=)$/;

/**
 * Creates a box from keys `<id>:<base64 of 32 bytes>`. The first key encrypts, and all keys decrypt. Throws
 * CONFIG_INVALID for an invalid key and for a duplicate id. The error does not show the keys.
 */
export function createSecretBox(keys: readonly string[]): SecretBox {
  const known = new Map<string, Buffer>();
  for (const [index, text] of keys.entries()) {
    const [, id, base64] = keyForm.exec(text) ?? [];
    if (id === undefined || base64 === undefined)
      throw keysProblem(`key ${index + 1} is not <id>:<base64 of ${keyBytes} bytes>`);
    if (known.has(id)) throw keysProblem(`the key id ${id} is used twice`);
    known.set(id, Buffer.from(base64, 'base64'));
  }
  const [newest] = known;

  return {
    seal(secret, owner) {
      if (newest === undefined) throw keysProblem('there is no key to encrypt with');
      const [newestKeyId, newestKey] = newest;
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv(algorithm, newestKey, nonce, { authTagLength: tagBytes });
      cipher.setAAD(boundTo(owner));
      const body = [nonce, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()];
      return `${prefix}${newestKeyId}:${Buffer.concat(body).toString('base64url')}`;
    },
    open(stored, owner) {
      const keyId = keyIdOf(stored);
      if (keyId === null) return stored;
      const key = known.get(keyId);
      if (key === undefined) throw unreadable(owner, `its key ${keyId} is not configured`);
      const body = Buffer.from(stored.slice(prefix.length + keyId.length + 1), 'base64url');
      if (body.length <= nonceBytes + tagBytes) throw unreadable(owner, 'it is too short');
      try {
        const options = { authTagLength: tagBytes };
        const decipher = createDecipheriv(algorithm, key, body.subarray(0, nonceBytes), options);
        decipher.setAAD(boundTo(owner));
        decipher.setAuthTag(body.subarray(-tagBytes));
        const text = decipher.update(body.subarray(nonceBytes, -tagBytes));
        return Buffer.concat([text, decipher.final()]).toString('utf8');
      } catch {
        // OpenSSL only reports that the tag differs.
        throw unreadable(owner, 'it was changed, or encrypted for another endpoint');
      }
    },
    newestKeyId: newest?.[0] ?? null,
    keyIds: new Set(known.keys()),
  };
}

/** Id of the key of an encrypted secret; null for an unencrypted secret. */
export function keyIdOf(stored: string): string | null {
  if (!stored.startsWith(prefix)) return null;
  const end = stored.indexOf(':', prefix.length);
  return stored.slice(prefix.length, end === -1 ? undefined : end);
}

/** A new key with this id, in the form that `createSecretBox` reads. */
export function makeKey(id: string): string {
  return `${id}:${randomBytes(keyBytes).toString('base64')}`;
}

function boundTo({ endpointId, customerId }: SecretOwner): Buffer {
  return Buffer.from(`${endpointId}\0${customerId}`, 'utf8');
}

function keysProblem(reason: string) {
  return appError('CONFIG_INVALID', { problems: [`WEBHOOK_SECRET_KEYS: ${reason}`] });
}

function unreadable({ endpointId }: SecretOwner, reason: string) {
  return appError('SECRET_UNREADABLE', { endpointId, reason });
}
