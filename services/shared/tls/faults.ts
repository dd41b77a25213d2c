/** Errors of TLS in words that name the setting to check. */

/** The settings of a server, for people. They name variables, never values. */
export interface TlsSettings {
  readonly address: string;
  /** What switches encryption on. */
  readonly encryption: string;
  readonly ca: string;
  /** The certificate of the client. */
  readonly cert: string;
}

interface Fault {
  /** A code of Node or OpenSSL. */
  readonly code?: RegExp;
  /** The same in the message, for clients that drop the code. */
  readonly message: RegExp;
  readonly text: string;
  readonly check: keyof TlsSettings;
}

const faults: readonly Fault[] = [
  {
    code: /^ERR_TLS_CERT_ALTNAME/,
    message: /does not match certificate's altnames/,
    text: 'the certificate of the server is for another host name',
    check: 'address',
  },
  {
    code: /^CERT_HAS_EXPIRED$/,
    message: /\bcertificate has expired/,
    text: 'the certificate of the server has expired',
    check: 'address',
  },
  {
    code: /^CERT_NOT_YET_VALID$/,
    message: /\bcertificate is not yet valid/,
    text: 'the certificate of the server is not valid yet',
    check: 'address',
  },
  {
    code: /^(UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT)|(DEPTH_ZERO_)?SELF_SIGNED_CERT|CERT_SIGNATURE_FAILURE)/,
    message:
      /unable to (verify the first|get (local )?issuer) certificate|self.signed certificate|certificate signature failure/,
    text: 'no trusted authority has signed the certificate of the server',
    check: 'ca',
  },
  {
    code: /^(ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)|HANDSHAKE_NO_SSL_SUPPORT)$/,
    message: /wrong version number|packet length too long|does not support secure connection/,
    text: 'the server does not speak TLS at this address',
    check: 'encryption',
  },
  {
    message: /disconnected before secure TLS connection was established/,
    text: 'the server ended the handshake; it may not speak TLS at this address',
    check: 'encryption',
  },
  {
    code: /^ERR_SSL_.*ALERT_(CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE)$/,
    message: /alert (certificate required|handshake failure)/,
    text: 'the server refused the handshake; it may require a client certificate',
    check: 'cert',
  },
  {
    code: /^ERR_SSL_.*ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|CERTIFICATE_EXPIRED)$/,
    message: /alert (unknown ca|bad certificate|certificate unknown|certificate expired)/,
    text: 'the server refused the client certificate',
    check: 'cert',
  },
];
const causesMax = 8;

/**
 * What is wrong with a TLS connection, and the setting to check. Null if neither the error nor one of its causes is an
 * error of TLS.
 */
export function tlsFault(error: unknown, settings: TlsSettings): string | null {
  let link: unknown = error;
  for (let depth = 0; depth < causesMax && typeof link === 'object' && link !== null; depth++) {
    const { code, message, cause } = link as { code?: unknown; message?: unknown; cause?: unknown };
    const found = faults.find(
      (fault) => fault.code?.test(String(code)) || fault.message.test(String(message)),
    );
    if (found !== undefined) return `${found.text}; check ${settings[found.check]}`;
    link = cause;
  }
  return null;
}

/** The settings of a server whose URL has them all. */
export function settingsOfUrl(variable: string): TlsSettings {
  return {
    address: `the host in ${variable}`,
    encryption: variable,
    ca: `ca in ${variable}`,
    cert: `cert and key in ${variable}`,
  };
}
