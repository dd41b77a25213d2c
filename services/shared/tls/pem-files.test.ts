import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Authority,
  type Certificate,
  createAuthority,
} from '../../../tests/support/servers/certificates.ts';
import { readTlsFiles } from './pem-files.ts';
import { readTlsParameters } from './url-parameters.ts';

let dir: string;
let authority: Authority;
let own: Certificate;
let other: Certificate;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'os-pem-'));
  authority = await createAuthority(dir);
  [own, other] = await Promise.all([authority.issue('own'), authority.issue('other')]);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const settingOf = (part: string) => `THE_${part.toUpperCase()}`;
const at = (file: string) => path.join(dir, file);
const write = async (file: string, text: string) => {
  await writeFile(at(file), text);
  return at(file);
};
const problemOf = (read: () => unknown): string => {
  try {
    read();
  } catch (error) {
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
};

describe('readTlsFiles', () => {
  it('reads a CA file alone, or with a certificate and its key', async () => {
    const ca = await readFile(authority.ca, 'utf8');
    expect(readTlsFiles({ ca: authority.ca }, settingOf)).toEqual({ ca });
    expect(readTlsFiles({ ca: authority.ca, ...own }, settingOf)).toEqual({
      ca,
      cert: await readFile(own.cert, 'utf8'),
      key: await readFile(own.key, 'utf8'),
    });
    expect(readTlsFiles({}, settingOf)).toEqual({});
  });

  it.each([
    ['an absent file', () => ({ ca: at('absent.pem') }), /THE_CA: .*absent.pem cannot be read \(ENOENT/],
    ['a key as a CA file', () => ({ ca: own.key }), /THE_CA: .* holds no certificate in PEM/],
    ['a certificate without its key', () => ({ cert: own.cert }), /THE_CERT needs THE_KEY too/],
    ['a key without its certificate', () => ({ key: own.key }), /THE_KEY needs THE_CERT too/],
    [
      'the key of another certificate',
      () => ({ cert: own.cert, key: other.key }),
      /THE_KEY: .* is not the key/,
    ],
    ['a certificate as a key', () => ({ cert: own.cert, key: own.cert }), /THE_KEY: .* holds no private key/],
  ])('refuses %s, and names the setting', (_what, paths, expected) => {
    expect(problemOf(() => readTlsFiles(paths(), settingOf))).toMatch(expected);
  });

  it('refuses damaged, large and encrypted files', async () => {
    const damaged = await write(
      'damaged.pem',
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    );
    expect(problemOf(() => readTlsFiles({ ca: damaged }, settingOf))).toMatch(/damaged certificate/);
    const large = await write('large.pem', 'x'.repeat(2 ** 20 + 1));
    expect(problemOf(() => readTlsFiles({ ca: large }, settingOf))).toMatch(/larger than/);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const encrypted = privateKey.export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'hunter2',
    });
    const key = await write('encrypted.key', String(encrypted));
    expect(problemOf(() => readTlsFiles({ cert: own.cert, key }, settingOf))).toMatch(
      /THE_KEY: .* is encrypted; store the key without a passphrase/,
    );
  });
});

describe('readTlsParameters', () => {
  const read = (query: string, isEncrypted = true) =>
    readTlsParameters(new URLSearchParams(query), {
      setting: 'THE_URL',
      isEncrypted,
      encryptedBy: 'tls=true',
      also: ['tls'],
    });

  it('reads the files of an encrypted URL, and has none for another', async () => {
    expect(read(`tls=true&ca=${authority.ca}&cert=${own.cert}&key=${own.key}`)).toEqual(
      readTlsFiles({ ca: authority.ca, ...own }, settingOf),
    );
    expect(read('tls=true')).toEqual({});
    expect(read('tls=false', false)).toBeNull();
  });

  it.each([
    [
      'sslmode=require',
      true,
      /THE_URL has an unknown parameter sslmode; the known ones are ca, cert, key, tls/,
    ],
    ['ca=/a&ca=/b', true, /THE_URL has the parameter ca twice/],
    ['ca=', true, /THE_URL has the parameter ca without a value/],
    ['cert=/a', false, /THE_URL has cert without tls=true/],
    ['key=/nowhere/k&cert=/nowhere/c', true, /cert in THE_URL: \/nowhere\/c cannot be read/],
  ])('refuses %s', (query, isEncrypted, expected) => {
    expect(problemOf(() => read(query, isEncrypted))).toMatch(expected);
  });
});
