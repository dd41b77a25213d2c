/**
 * The parts of a consumer between fetching and processing: a bounded buffer, and a decoder that waits for the
 * registry.
 */
export { type BufferLimits, PartitionBuffer, weightOf } from './partition-buffer.ts';
export { isOutcomeOf, isStateOf } from './proofs.ts';
export {
  createRecordDecoder,
  type RecordDecoder,
  type UndecodableError,
} from './record-decoder.ts';
