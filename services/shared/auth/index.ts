export type { Caller } from './claims.ts';
export { createLocalIssuer, type LocalIssuer, localAudience, localIssuer } from './local-issuer.ts';
export type { Algorithm } from './signed-token.ts';
export { createVerifier, type Verifier, type VerifierOptions } from './verifier.ts';
