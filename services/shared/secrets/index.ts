export { decrypt, encrypt, keyBytes } from './aes.ts';
export { keysProblem, makeKey, readKeyList } from './key-list.ts';
export { createSecretBox, keyIdOf, type SecretBox } from './secret-box.ts';
