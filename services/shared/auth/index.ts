export { createLocalIssuer, type LocalIssuer, localAudience, localIssuer } from './local-issuer.ts';
export {
  type Algorithm,
  type Caller,
  createVerifier,
  type Verifier,
  type VerifierOptions,
} from './verifier.ts';
