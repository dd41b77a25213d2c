/** A message to produce. `topic` is without the prefix; the partition is always chosen by the caller. */
export interface OutMessage {
  topic: string;
  partition: number;
  key: Buffer | null;
  value: Buffer | null;
  headers: OutHeaders;
  /** Create time, epoch ms; sent unchanged. */
  timestampMs: number;
}

/** Plain headers, or a block from `encodeHeaders` that many messages share. */
export type OutHeaders = Readonly<Record<string, string | Buffer>> | EncodedHeaders;

/** Headers in the wire format, without the count before them. `more` is encoded per message after the block. */
export interface EncodedHeaders {
  readonly encodedHeaders: Buffer;
  readonly headerCount: number;
  readonly more?: Readonly<Record<string, string | Buffer>>;
}

/** A record as it was read. `topic` is without the prefix; of headers with the same name the last one counts. */
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
   * Stored beside a committed offset, up to 4 kB. It adds what the offset does not say, such as the id of its
   * topic.
   */
  note?: string;
}
