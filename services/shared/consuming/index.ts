/** What every consumer needs between fetching a record and processing it: a bounded buffer and a decoder that waits for the registry. */
export { type BufferFlow, type BufferLimits, PartitionBuffer, weightOf } from './partition-buffer.ts';
export { isOutcomeOf, isStateOf } from './proofs.ts';
export {
  createRecordDecoder,
  type Decoded,
  type RecordDecoder,
  type RecordDecoderDeps,
  type UndecodableError,
} from './record-decoder.ts';
