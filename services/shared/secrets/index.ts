export { decrypt, encrypt, keyBytes } from './aes.ts';
export { keyListProblems, keysProblem, makeKey, readKeyList } from './key-list.ts';
export { createLiveSecretBox, createSecretBox, keyIdOf, type SecretBox } from './secret-box.ts';
