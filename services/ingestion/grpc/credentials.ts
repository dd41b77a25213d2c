/** The credentials of the server: none, or a certificate that may change while the server runs. */
import type { SecureContextOptions } from 'node:tls';
import { ServerCredentials } from '@grpc/grpc-js';
import type { ServerTls } from '../../shared/tls/index.ts';

interface Credentials {
  readonly credentials: ServerCredentials;
  /** New connections use this certificate. Does nothing without TLS. */
  setSecureContext(options: SecureContextOptions): void;
}

/** Without `tls`, the server speaks plain HTTP/2, behind a proxy that serves TLS. */
export function credentialsOf(tls: ServerTls | undefined): Credentials {
  if (tls === undefined)
    return { credentials: ServerCredentials.createInsecure(), setSecureContext: () => undefined };
  const credentials = new RenewableCredentials(tls);
  return { credentials, setSecureContext: (options) => credentials.renew(options) };
}

/** The library has no public credentials whose certificate can be replaced, except by a base class. */
class RenewableCredentials extends ServerCredentials {
  constructor({ cert, key, ca, requestCert, rejectUnauthorized, handshakeTimeout }: ServerTls) {
    super(
      { requestCert, rejectUnauthorized, handshakeTimeout },
      { cert, key, ...(ca !== undefined && { ca }) },
    );
  }

  renew({ cert, key, ca }: SecureContextOptions): void {
    this.updateSecureContextOptions({ cert, key, ...(ca !== undefined && { ca }) });
  }

  override _equals(other: ServerCredentials): boolean {
    return other === this;
  }
}
