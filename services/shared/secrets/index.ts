export { createSecretBox, keyIdOf, makeKey, type SecretBox, type SecretOwner } from './secret-box.ts';
