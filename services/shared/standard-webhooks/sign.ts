/** Signs webhooks as https://www.standardwebhooks.com describes. */
import { createHmac, randomBytes } from 'node:crypto';

interface WebhookToSign {
  /** The same on every attempt. */
  readonly id: string;
  /** The exact body. */
  readonly payload: string;
}

interface SignedWebhook {
  readonly 'webhook-id': string;
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
}

const secretForm = /^(?:whsec_)?([A-Za-z0-9+/]+={0,2})$/;

/** A new secret `whsec_…` of 256 bits. */
export function newWebhookSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

/**
 * The headers of one attempt at this time. During a rotation there are several secrets `whsec_…`, the newest
 * first. A receiver accepts any of their signatures.
 */
export function signWebhook(
  secrets: readonly string[],
  { id, payload }: WebhookToSign,
  nowMs: number,
): SignedWebhook {
  const timestamp = String(Math.floor(nowMs / 1000));
  const signatures = secrets.map(
    (secret) => `v1,${signatureOf(secret, id, timestamp, payload).toString('base64')}`,
  );
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

/**
 * HMAC-SHA-256 over id, time in seconds and body. The key is the base64 part of the secret. Throws for a secret of
 * another form.
 */
export function signatureOf(secret: string, id: string, timestamp: string, payload: string | Buffer): Buffer {
  const key = secretForm.exec(secret)?.[1];
  if (key === undefined) throw new Error('a webhook secret is not whsec_<base64>');
  return createHmac('sha256', Buffer.from(key, 'base64'))
    .update(`${id}.${timestamp}.`)
    .update(payload)
    .digest();
}
