export type { Caller } from './claims.ts';
export { createLocalIssuer, type LocalIssuer } from './local-issuer.ts';

export { createVerifier, tokenLifetimeMaxMs, type Verifier, type VerifierOptions } from './verifier.ts';
