import { describe, expect, it } from 'vitest';
import type { OrderCommand } from '../../../schemas/index.ts';
import { bundledCodecs } from '../codec/index.ts';
import { close, place } from '../codec/testing/values.ts';
import { makeKey } from '../secrets/index.ts';
import { createKeyWrapper, hasPersonalFields, openCommand, sealCommand } from './index.ts';

const { commands: codec } = bundledCodecs({ commandsId: 1, eventsId: 2 });
const [old, fresh] = [makeKey('2025'), makeKey('2026')];
const wrapper = createKeyWrapper([fresh]);
const key = wrapper.read(wrapper.create('customer-1'));
const placed: OrderCommand = {
  ...place,
  payload: {
    ...place.payload,
    shippingAddress: {
      ...{ name: 'Ada Byron', line1: '7 Hill Road', line2: 'Flat Ü', city: 'Elmton', region: 'Kent' },
      ...{ postalCode: 'ZZ9', country: 'GB' },
    },
    contactEmail: 'ada@example.org',
    metadata: [{ key: 'note', value: 'for Ada' }],
  },
};
const cancelled: OrderCommand = {
  ...close,
  type: 'CANCEL',
  payload: { reason: 'Ada moved', expectedVersion: null, lines: [] },
};
const personal = /Ada|Hill|Flat|Elmton|ZZ9|moved/;
const invalid = expect.objectContaining({ code: 'SEALED_FIELDS_INVALID' });

describe.each([
  ['PLACE', placed],
  ['CANCEL', cancelled],
])('a sealed %s', (_type, command) => {
  it('has no personal data in its bytes, and all of it when it is opened', () => {
    expect(codec.encode(command).toString('latin1')).toMatch(personal);
    const bytes = codec.encode(sealCommand(command, key));
    expect(bytes.toString('latin1')).not.toMatch(personal);
    const read = codec.decode(bytes);
    expect(read.sealed?.keyId).toBe(key.keyId);
    expect(openCommand(read, key.secret)).toEqual(codec.decode(codec.encode(command)));
  });

  it('is opened for this command only, with its key only, and without any change', () => {
    const sealed = sealCommand(command, key);
    const { ciphertext } = sealed.sealed!;
    for (const other of [
      { orderId: '00000000-0000-8000-8000-000000000001' },
      { commandId: 'another' },
      { sealed: { ciphertext, keyId: 'another' } },
    ])
      expect(() => openCommand({ ...sealed, ...other } as OrderCommand, key.secret)).toThrow(invalid);
    const stranger = wrapper.read(wrapper.create('customer-1'));
    expect(() => openCommand(sealed, stranger.secret)).toThrow(invalid);
    for (let at = 0; at < ciphertext.length; at++) {
      const changed = Buffer.from(ciphertext);
      changed[at]! ^= 1;
      const broken = { ...sealed, sealed: { keyId: key.keyId, ciphertext: changed } };
      expect(() => openCommand(broken, key.secret)).toThrow(invalid);
    }
    const cut = { ...sealed, sealed: { keyId: key.keyId, ciphertext: ciphertext.subarray(0, 20) } };
    expect(() => openCommand(cut, key.secret)).toThrow(invalid);
  });
});

describe('sealCommand', () => {
  it('keeps the country and the region, which prices need', () => {
    const { payload } = sealCommand(placed, key) as Extract<OrderCommand, { type: 'PLACE' }>;
    expect(payload.shippingAddress).toEqual({
      ...{ name: '', line1: '', line2: null, city: '', postalCode: '' },
      ...{ region: 'Kent', country: 'GB' },
    });
    expect(payload).toMatchObject({ contactEmail: null, metadata: [] });
  });

  it('changes nothing without a key or without personal fields', () => {
    const plain = { ...cancelled, payload: { ...cancelled.payload, reason: null } } as OrderCommand;
    expect([sealCommand(placed, null), sealCommand(plain, key)]).toEqual([placed, plain]);
    expect([hasPersonalFields(placed), hasPersonalFields(plain)]).toEqual([true, false]);
  });

  it('gives another ciphertext each time', () => {
    const [a, b] = [sealCommand(placed, key).sealed!, sealCommand(placed, key).sealed!];
    expect(a.ciphertext.equals(b.ciphertext)).toBe(false);
  });
});

describe('the key of a customer', () => {
  it('is read with any configured key, and only for its own customer and id', () => {
    const row = createKeyWrapper([old]).create('customer-1');
    expect(createKeyWrapper([fresh, old]).read(row).secret).toHaveLength(32);
    const unreadable = expect.objectContaining({ code: 'CUSTOMER_KEY_UNREADABLE' });
    for (const other of [{ customer_id: 'customer-2' }, { key_id: 'other' }, { wrapped_key: '2025:AAAA' }])
      expect(() => createKeyWrapper([old]).read({ ...row, ...other })).toThrow(unreadable);
    expect(() => createKeyWrapper([fresh]).read(row)).toThrow(unreadable);
  });

  it('stays the same when it is encrypted with a newer key, and is not encrypted again after that', () => {
    const row = createKeyWrapper([old]).create('customer-1');
    const both = createKeyWrapper([fresh, old]);
    const renewed = both.renew(row)!;
    expect(renewed.wrapped_key).toMatch(/^2026:/);
    expect(createKeyWrapper([fresh]).read(renewed)).toEqual(createKeyWrapper([old]).read(row));
    expect(both.renew(renewed)).toBeNull();
  });

  it('fits its columns, and is another one each time', () => {
    const [a, b] = [wrapper.create('customer-1'), wrapper.create('customer-1')];
    expect([a.key_id === b.key_id, a.wrapped_key.length <= 200, a.key_id.length <= 32]).toEqual([
      false,
      true,
      true,
    ]);
    expect(wrapper.read(a).secret.equals(wrapper.read(b).secret)).toBe(false);
  });

  it('is created only if a key is configured', () => {
    expect([createKeyWrapper([]).isReady, wrapper.isReady]).toEqual([false, true]);
    expect(() => createKeyWrapper([]).create('customer-1')).toThrow(/PERSONAL_DATA_KEYS/);
    expect(() => createKeyWrapper(['short'])).toThrow(/PERSONAL_DATA_KEYS: key 1 is not/);
  });
});
