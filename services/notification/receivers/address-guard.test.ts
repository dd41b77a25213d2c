import { describe, expect, it } from 'vitest';
import { createAddressGuard } from './address-guard.ts';
import { NameError, type NameResolver } from './name-resolver.ts';

const noNames: NameResolver = { resolve: () => Promise.reject(new NameError('ENOTFOUND')) };

describe('address guard', () => {
  const guard = createAddressGuard([], noNames);

  it.each([
    '127.0.0.1',
    '127.255.0.9',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'fe80::1%eth0',
    'fd00:ec2::254',
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001:0:7f00:1::',
    'ff02::1',
    'localhost',
  ])('refuses %s', (address) => {
    expect(guard.allows(address, 'https:')).toBe(false);
  });

  it.each(['93.184.216.34', '172.32.0.1', '2606:2800:220:1:248:1893:25c8:1946', '::ffff:93.184.216.34'])(
    'allows %s over https, and never over http',
    (address) => {
      expect(guard.allows(address, 'https:')).toBe(true);
      expect(guard.allows(address, 'http:')).toBe(false);
    },
  );

  it('allows exactly the ranges of the allow-list', () => {
    const local = createAddressGuard(['127.0.0.1', '10.2.0.0/16'], noNames);
    expect(local.allows('127.0.0.1', 'http:')).toBe(true);
    expect(local.allows('127.0.0.2', 'http:')).toBe(false);
    expect(local.allows('10.2.3.4', 'https:')).toBe(true);
    expect(() => createAddressGuard(['localhost'], noNames)).toThrow(RangeError);
  });

  const errorOf = (names: NameResolver): Promise<Error | null> =>
    new Promise((done) =>
      createAddressGuard([], names).lookup('https:', 'c1')('host.example', {}, (error) => done(error)),
    );

  it('refuses a name if any of its addresses is refused', async () => {
    const names = { resolve: async () => ['93.184.216.34', '10.0.0.1'] };
    expect(await errorOf(names)).toMatchObject({ code: 'ADDRESS_REFUSED' });
  });

  it('checks a name on each connection, since it may resolve differently', async () => {
    const answers = ['93.184.216.34', '169.254.169.254'];
    const rebinding = createAddressGuard([], { resolve: async () => [answers.shift()!] });
    const connect = () =>
      new Promise((done) =>
        rebinding.lookup('https:', 'c1')('host.example', {}, (error, address) =>
          done(error?.message ?? address),
        ),
      );
    expect(await connect()).toBe('93.184.216.34');
    expect(await connect()).toBe('the host has no address that may be posted to');
  });

  it('gives the same error for every refused name, so that nobody learns which internal names exist', async () => {
    const inside = ['10.0.0.1', '192.168.1.1', '169.254.169.254', '::1', 'fd00::1'].map((address) => ({
      resolve: async () => [address],
    }));
    const missing = ['ENOTFOUND', 'ENODATA', 'ESERVFAIL', 'ETIMEOUT'].map((code) => ({
      resolve: () => Promise.reject(new NameError(code)),
    }));
    const errors = await Promise.all([...inside, ...missing].map(errorOf));
    const seen = new Set(
      errors.map((error) => JSON.stringify([error!.message, (error as { code?: string }).code])),
    );
    expect(seen.size).toBe(1);
  });
});
