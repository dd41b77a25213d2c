export { createSecretBox, keyIdOf, makeKey, type SecretBox } from './secret-box.ts';
