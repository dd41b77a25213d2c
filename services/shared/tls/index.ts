/** TLS to and from other processes: files, parameters of URLs, and faults in words. */
export { settingsOfUrl, tlsFault } from './faults.ts';
export { readTlsFiles, type TlsMaterial } from './pem-files.ts';
export {
  createServerCertificate,
  type SecureServer,
  type ServerCertificate,
  type ServerTls,
} from './server-certificate.ts';
export { readTlsParameters } from './url-parameters.ts';
