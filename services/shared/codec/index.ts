export { bundledCodecs, bundledStateCodec, type Codecs } from './bundled-codecs.ts';
export { CHECKSUM_HEADER, checksumOf, verifyChecksum } from './checksum.ts';
export type { Codec } from './codec.ts';
export { decodeProven } from './decode-proven.ts';
export { schemaIdOf, VALUE_BYTES_MAX } from './frame.ts';
export { checkCommandId, loadCodecs, loadStateCodec } from './load-codecs.ts';
export { PoisonError, UnknownSchemaError } from './poison.ts';
export { listSchemas, registerSchemas, type SchemaReport } from './register-schemas.ts';
export { parseRegistryUrl } from './registry/target.ts';
