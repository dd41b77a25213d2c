/** AES-256-GCM with a random nonce: nonce, ciphertext and tag in one buffer. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const algorithm = 'aes-256-gcm';
export const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const options = { authTagLength: tagBytes };

/** Encrypts `text`, and authenticates it together with the names in `boundTo`. */
export function encrypt(key: Buffer, text: string, boundTo: readonly string[]): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce, options);
  cipher.setAAD(additionalData(boundTo));
  return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

/** The text of `encrypt`. Null if a byte, the key or one of the names differs: OpenSSL does not say which. */
export function decrypt(key: Buffer, sealed: Uint8Array, boundTo: readonly string[]): string | null {
  if (sealed.length < nonceBytes + tagBytes) return null;
  const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceBytes), options);
  decipher.setAAD(additionalData(boundTo));
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  try {
    const text = decipher.update(sealed.subarray(nonceBytes, -tagBytes));
    return Buffer.concat([text, decipher.final()]).toString('utf8');
  } catch {
    return null;
  }
}

function additionalData(names: readonly string[]): Buffer {
  return Buffer.from(names.join('\0'), 'utf8');
}
