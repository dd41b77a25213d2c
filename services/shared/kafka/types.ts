/** A message to produce. `topic` does not include the prefix. The caller always chooses the partition. */
export interface OutMessage {
  topic: string;
  partition: number;
  key: Buffer | null;
  value: Buffer | null;
  headers: OutHeaders;
  /** The create time in epoch ms, which is sent unchanged. */
  timestampMs: number;
}

/** Plain headers, or a block from `encodeHeaders` that many messages share. */
export type OutHeaders = Readonly<Record<string, string | Buffer>> | EncodedHeaders;

/**
 * Headers in the wire format, without the count before them. `more` has further headers of one message, after
 * the block.
 */
export interface EncodedHeaders {
  readonly encodedHeaders: Buffer;
  readonly headerCount: number;
  readonly more?: Readonly<Record<string, string | Buffer>>;
}

/**
 * A record that was read. `topic` does not include the prefix. Of headers with the same name the last one
 * counts.
 */
export interface InRecord {
  topic: string;
  partition: number;
  offset: bigint;
  timestampMs: number;
  key: Buffer | null;
  value: Buffer | null;
  headers: Record<string, Buffer | string | undefined>;
}

export interface TopicPartition {
  topic: string;
  partition: number;
}

export interface TopicPartitionOffset extends TopicPartition {
  offset: bigint;
  /**
   * A note that is stored beside a committed offset, up to 4 kB. It has other facts, such as the id of the
   * topic.
   */
  note?: string;
}
