/** Personal data and secrets that tests pass to the services, and that no log line may contain. */

export const plantedPerson = {
  name: 'Planted Person',
  line1: '7 Planted Lane',
  city: 'Plantedville',
  email: 'planted.person@example.org',
} as const;

export const plantedSecret = 'the planted secret of the tests';

const plantedKey = Buffer.alloc(32, 'a planted key of the tests').toString('base64');
/** A key of webhook secrets, in the form of `WEBHOOK_SECRET_KEYS`. */
export const plantedSecretKeys = `tests:${plantedKey}`;

/** Contents that a log line must never have, by kind. */
export const neverLogged: Readonly<Record<string, RegExp>> = {
  'planted personal data or secret': /planted (?:person|lane|secret)|plantedville|planted\.person@/i,
  'key of webhook secrets': new RegExp(plantedKey.slice(0, 20)),
  'access token': /eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}/,
  'webhook secret': /whsec_[A-Za-z0-9+/=]{20}/,
  // The configuration that is logged at the start shows a password as `hidden`.
  'password in a URL': /:\/\/[^\s:/@"]+:(?!hidden@)[^\s@/"]+@/,
};
