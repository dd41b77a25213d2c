import { describe, expect, it } from 'vitest';
import { parseRedisUrl } from './target.ts';

describe('parseRedisUrl', () => {
  it('reads host, login and database', () => {
    expect(parseRedisUrl('redis://team:s%40cret@cache:6380/2')).toEqual({
      host: 'cache',
      port: 6380,
      username: 'team',
      password: 's@cret',
      db: 2,
      family: 0,
      tls: undefined,
    });
  });

  it('names the host in the handshake of TLS, but never an address', () => {
    expect(parseRedisUrl('rediss://cache').tls).toEqual({ servername: 'cache' });
    expect(parseRedisUrl('rediss://[::1]').tls).toEqual({});
  });

  it.each([
    ['nonsense', /REDIS_URL is not a URL/],
    ['http://cache', /does not begin with redis:/],
    ['redis://u:hunter2@cache?ca=/etc/ca.pem', /has ca without rediss:/],
    ['rediss://u:hunter2@cache?tls=true', /has an unknown parameter tls/],
    ['rediss://u:hunter2@cache?cert=/etc/tls.crt', /cert in REDIS_URL needs key in REDIS_URL too/],
    ['redis://u:hunter2@cache/orders', /is not the number of a database/],
    ['redis://u:hunter2%zz@cache', /has a login with a percent sign/],
  ])('refuses %s without repeating a password', (text, expected) => {
    expect(() => parseRedisUrl(text)).toThrow(expected);
    expect(() => parseRedisUrl(text)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    expect(() => parseRedisUrl(text)).not.toThrow(/hunter2/);
  });
});
