/** Verifies webhooks as https://www.standardwebhooks.com describes. */
import { timingSafeEqual } from 'node:crypto';
import { signatureOf } from './sign.ts';

/** `forged`: no secret made one of the signatures. `old`: the signature is right, but its time is outside of the window. */
type Verification = 'valid' | 'forged' | 'old';

/** The allowed difference between the time of a webhook and the clock of the receiver. */
const webhookToleranceMs = 5 * 60_000;

/** A sender has two secrets during a rotation. */
const signaturesMax = 8;
const idForm = /^[\x21-\x7e]{1,256}$/;
const timestampForm = /^\d{1,12}$/;

/** Checks the exact bytes of a body against its headers. Any of the secrets may have signed it. */
export function verifyWebhook(
  secrets: readonly string[],
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  raw: Buffer,
  nowMs: number,
): Verification {
  const id = headers['webhook-id'];
  const timestamp = headers['webhook-timestamp'];
  const signatures = headers['webhook-signature'];
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signatures !== 'string')
    return 'forged';
  if (!idForm.test(id) || !timestampForm.test(timestamp)) return 'forged';
  const claimed = signatures.split(' ', signaturesMax).filter((each) => each.startsWith('v1,'));
  const given = claimed.map((each) => Buffer.from(each.slice(3), 'base64'));
  const isSigned = secrets.some((secret) => {
    const expected = signatureOf(secret, id, timestamp, raw);
    return given.some((each) => each.length === expected.length && timingSafeEqual(each, expected));
  });
  if (!isSigned) return 'forged';
  return Math.abs(nowMs - Number(timestamp) * 1000) > webhookToleranceMs ? 'old' : 'valid';
}
