import { describe, expect, it } from 'vitest';
import { parseRegistryUrl } from './target.ts';

describe('parseRegistryUrl', () => {
  it('separates the address, which may be printed, from the login', () => {
    expect(parseRegistryUrl('http://team:s%40cret@registry:8081/apis/ccompat/v7/')).toEqual({
      base: 'http://registry:8081/apis/ccompat/v7',
      login: { username: 'team', password: 's@cret' },
      headers: { authorization: `Basic ${Buffer.from('team:s@cret').toString('base64')}` },
      agent: null,
    });
    expect(parseRegistryUrl('https://registry')).toMatchObject({
      base: 'https://registry',
      login: null,
      headers: {},
    });
  });

  it.each([
    ['nonsense', /SCHEMA_REGISTRY_URL is not a URL/],
    ['ftp://registry', /does not begin with http/],
    ['http://u:hunter2@registry?ca=/etc/ca.pem', /has ca without https:\/\//],
    ['https://u:hunter2@registry?timeout=5', /has an unknown parameter timeout/],
    [
      'https://u:hunter2@registry?ca=/nowhere/ca.pem',
      /ca in SCHEMA_REGISTRY_URL: \/nowhere\/ca.pem cannot be read/,
    ],
    ['https://u:hunter2%@registry', /SCHEMA_REGISTRY_URL has a login with a percent sign/],
  ])('refuses %s without repeating a password', (text, expected) => {
    expect(() => parseRegistryUrl(text)).toThrow(expected);
    expect(() => parseRegistryUrl(text)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    expect(() => parseRegistryUrl(text)).not.toThrow(/hunter2/);
  });
});
