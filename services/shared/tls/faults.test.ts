import { describe, expect, it } from 'vitest';
import { settingsOfUrl, tlsFault } from './faults.ts';

const settings = settingsOfUrl('THE_URL');
const coded = (code: string, message = 'x') => Object.assign(new Error(message), { code });

describe('tlsFault', () => {
  it.each([
    [coded('ERR_TLS_CERT_ALTNAME_INVALID'), /another host name; check the host in THE_URL$/],
    [coded('CERT_HAS_EXPIRED'), /has expired; check the host in THE_URL$/],
    [coded('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), /no trusted authority .* check ca in THE_URL$/],
    [coded('SELF_SIGNED_CERT_IN_CHAIN'), /check ca in THE_URL$/],
    [coded('ERR_SSL_WRONG_VERSION_NUMBER'), /does not speak TLS .* check THE_URL$/],
    [coded('HANDSHAKE_NO_SSL_SUPPORT'), /does not speak TLS/],
    [
      coded('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'),
      /client certificate; check cert and key in THE_URL$/,
    ],
    [coded('ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'), /refused the client certificate/],
    // Drivers that replace the code keep the message.
    [coded('HANDSHAKE_SSL_ERROR', 'certificate has expired'), /has expired/],
    [new Error('Connection error: unable to verify the first certificate'), /no trusted authority/],
  ])('names the setting for %s', (error, expected) => {
    expect(tlsFault(error, settings)).toMatch(expected);
    expect(tlsFault(new Error('a wrapper', { cause: error }), settings)).toMatch(expected);
  });

  it('is null for other errors', () => {
    const circle = new Error('connect ECONNREFUSED');
    circle.cause = circle;
    for (const error of [circle, coded('ECONNRESET'), null, 'text', undefined]) {
      expect(tlsFault(error, settings)).toBeNull();
    }
  });
});
