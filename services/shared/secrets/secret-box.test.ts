import { describe, expect, it } from 'vitest';
import { createSecretBox, keyIdOf, makeKey } from './index.ts';

const owner = { endpointId: 'we_1', customerId: 'c1' };
const secret = `whsec_${'A'.repeat(43)}=`;
const [old, fresh] = [makeKey('2025'), makeKey('2026')];
const unreadable = expect.objectContaining({ code: 'SECRET_UNREADABLE' });

describe('a sealed secret', () => {
  it('is decrypted for its owner, fits its column, and is different each time', () => {
    const box = createSecretBox([fresh]);
    const sealed = box.seal(secret, owner);
    expect(box.open(sealed, owner)).toBe(secret);
    expect(sealed.length).toBeLessThanOrEqual(255);
    expect(sealed).toMatch(/^enc:v1:2026:[\w-]+$/);
    expect(box.seal(secret, owner)).not.toBe(sealed);
  });

  it('is not decrypted for another endpoint or customer, or after a change of any byte', () => {
    const box = createSecretBox([fresh]);
    const sealed = box.seal(secret, owner);
    expect(() => box.open(sealed, { ...owner, endpointId: 'we_2' })).toThrow(unreadable);
    expect(() => box.open(sealed, { ...owner, customerId: 'c2' })).toThrow(unreadable);
    const bytes = Buffer.from(sealed.split(':')[3]!, 'base64url');
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      expect(() => box.open(`enc:v1:2026:${changed.toString('base64url')}`, owner)).toThrow(unreadable);
    }
    for (const cut of ['enc:v1:2026:', 'enc:v1:2026', 'enc:v1:', 'enc:v1:2026:AAAA'])
      expect(() => box.open(cut, owner)).toThrow(unreadable);
  });

  it('is decrypted with any key of the list, and encrypted with the first', () => {
    const sealed = createSecretBox([old]).seal(secret, owner);
    const box = createSecretBox([fresh, old]);
    expect(box.open(sealed, owner)).toBe(secret);
    expect(keyIdOf(box.seal(secret, owner))).toBe('2026');
    expect(() => createSecretBox([fresh]).open(sealed, owner)).toThrow(unreadable);
  });

  it('is read unchanged if an older version stored it without encryption', () => {
    expect(createSecretBox([fresh]).open(secret, owner)).toBe(secret);
    expect(keyIdOf(secret)).toBeNull();
  });

  it('cannot be encrypted or decrypted without a key', () => {
    const box = createSecretBox([]);
    expect(() => box.seal(secret, owner)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    expect(() => box.open(createSecretBox([old]).seal(secret, owner), owner)).toThrow(unreadable);
    expect(box.open(secret, owner)).toBe(secret);
  });

  it('does not appear in error messages, and keys do not either', () => {
    const sealed = createSecretBox([old]).seal(secret, owner);
    expect(() => createSecretBox([fresh]).open(sealed, owner)).toThrow(/we_1.*2025/);
    const keyText = old.split(':')[1]!;
    for (const keys of [[old, old], [keyText], [`UPPER:${keyText}`], [`a:${keyText.slice(4)}`]]) {
      expect(() => createSecretBox(keys)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
      expect(() => createSecretBox(keys)).not.toThrow(new RegExp(keyText.slice(0, 8).replaceAll('+', '\\+')));
    }
  });
});
