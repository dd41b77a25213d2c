/**
 * The reaction to an error. `reject` returns a reason to the caller. `retry` waits and repeats the work.
 * `deadLetter` writes the record with its bytes as a dead letter. `fatal` ends the process, so that its
 * supervisor starts a new one.
 */
export type Disposition = 'reject' | 'retry' | 'deadLetter' | 'fatal';

type ErrorRow = { disposition: Disposition; template: string };

/**
 * Every error code. `{name}` in a template is filled from the error's details. docs/errors.md is generated
 * from this table.
 */
export const errorTable = {
  // configuration and process
  CONFIG_INVALID: { disposition: 'fatal', template: 'The configuration is invalid:\n{problems}' },
  START_FAILED: { disposition: 'fatal', template: 'The service {service} could not start: {reason}' },
  STOP_DEADLINE: { disposition: 'fatal', template: 'Stopping took longer than {deadlineMs} ms.' },
  ABORTED: { disposition: 'retry', template: 'The work was cancelled because its owner is stopping.' },
  INTERNAL: { disposition: 'fatal', template: 'An assumption of the code is false: {reason}' },
  LANE_STUCK: {
    disposition: 'fatal',
    template:
      'Lane {partition} holds {held} records and has decided none for {seconds} s, for an unknown reason.',
  },

  // database
  MYSQL_TIMEOUT: {
    disposition: 'retry',
    template: 'The database did not answer within {timeoutMs} ms; the connection was destroyed.',
  },
  MYSQL_CONNECTION_LOST: {
    disposition: 'retry',
    template: 'The connection to the database was lost: {reason}',
  },
  MYSQL_TLS: {
    disposition: 'retry',
    template: 'No secure connection to the database is possible: {reason}',
  },
  MYSQL_TOO_MANY_CONNECTIONS: {
    disposition: 'retry',
    template: 'The database accepts no more connections: {reason}',
  },
  MYSQL_POOL_EXHAUSTED: {
    disposition: 'retry',
    template: 'No pooled database connection became free: {reason}',
  },
  MYSQL_READ_ONLY: { disposition: 'retry', template: 'The database accepts no writes: {reason}' },
  MYSQL_UNAVAILABLE: { disposition: 'retry', template: 'The database cannot serve now: {reason}' },
  MYSQL_DEADLOCK: {
    disposition: 'retry',
    template: 'The transaction was chosen as the victim of a deadlock.',
  },
  MYSQL_LOCK_TIMEOUT: { disposition: 'retry', template: 'A row lock was not granted in time.' },
  MYSQL_DUPLICATE_KEY: { disposition: 'reject', template: 'A row with this key exists already: {reason}' },
  MYSQL_CHECK_FAILED: { disposition: 'reject', template: 'A CHECK constraint refused the row: {reason}' },
  MYSQL_DATA: { disposition: 'deadLetter', template: 'The database refused the data: {reason}' },
  MYSQL_SCHEMA: {
    disposition: 'fatal',
    template: 'The database refuses the statement or the login (check migrations and URL): {reason}',
  },
  MYSQL_UNKNOWN: { disposition: 'retry', template: 'The database answered with error {errno}: {reason}' },
  MYSQL_SETTINGS: {
    disposition: 'fatal',
    template: 'The database session did not accept its settings: {problems}',
  },
  COMMIT_UNKNOWN: {
    disposition: 'retry',
    template: 'The connection ended while COMMIT was in flight; the transaction may or may not be committed.',
  },
  INSTALLATION_MISMATCH: {
    disposition: 'fatal',
    template: 'This database belongs to another installation: {reason}',
  },
  MIGRATION_INVALID: { disposition: 'fatal', template: 'The migrations are not a sequence: {reason}' },
  MIGRATION_CHANGED: {
    disposition: 'fatal',
    template:
      '{file} was edited after the database ran it. Restore the file, and put the change into a new migration.',
  },
  MIGRATION_LOCKED: {
    disposition: 'retry',
    template: 'Another migration held the lock for {waitedSeconds} s.',
  },
  MIGRATION_FAILED: {
    disposition: 'fatal',
    template: 'Migration {migration} failed at statement {statement}: {reason}',
  },

  // Kafka
  NOT_PRODUCED: { disposition: 'retry', template: 'The message was not produced: {reason}' },
  OUTCOME_UNKNOWN: {
    disposition: 'retry',
    template: 'It is unknown whether the message was produced: {reason}',
  },
  RECORD_REFUSED: {
    disposition: 'reject',
    template: 'The broker refused a record of {bytes} bytes for {topic}-{partition}: {reason}',
  },
  KAFKA_UNAVAILABLE: { disposition: 'retry', template: 'Kafka cannot be reached: {reason}' },
  KAFKA_TOKEN_UNAVAILABLE: {
    disposition: 'retry',
    template: 'There is no token for the login at Kafka: {reason}',
  },
  CONSUMER_CRASHED: {
    disposition: 'fatal',
    template: 'The consumer of group {groupId} crashed and will not restart by itself: {reason}',
  },
  TOPICS_REFUSED: {
    disposition: 'fatal',
    template: 'Refused, for you to decide; all other changes are applied:\n{problems}',
  },
  TOPIC_MISSING: {
    disposition: 'fatal',
    template: 'Topic {topic} does not exist or has other settings: {reason}',
  },
  LOG_CHANGED: {
    disposition: 'retry',
    template: 'A log was replaced, and reading restarts: {reason}',
  },
  SNAPSHOT_FOREIGN: {
    disposition: 'retry',
    template:
      'The snapshot of partition {partition} belongs to another command log ({covered}, now {current}): rebuild the snapshot (docs/operating.md, "The snapshot").',
  },
  STATE_UNWRITABLE: {
    disposition: 'retry',
    template:
      'The state after the outcome {outcome} cannot be written ({reason}). Fix the row of its order, or deploy a newer build.',
  },
  RECORD_IN_DOUBT: {
    disposition: 'retry',
    template:
      'The record at {topic}/{partition}-{offset} has our headers but cannot be read ({reason}). Was the schema registry rebuilt?',
  },

  // schemas and records
  REGISTRY_UNAVAILABLE: { disposition: 'retry', template: 'The schema registry cannot be queried: {reason}' },
  SCHEMA_NOT_REGISTERED: {
    disposition: 'fatal',
    template: 'Subject {subject} lacks the bundled schema. Run the schema deploy step.',
  },
  SCHEMA_MISMATCH: {
    disposition: 'fatal',
    template: 'Subject {subject} has a different schema than the bundled one: {reason}',
  },
  SCHEMA_INCOMPATIBLE: {
    disposition: 'fatal',
    template: 'The registry refuses the schema of subject {subject}: {reason}',
  },
  EMPTY: { disposition: 'deadLetter', template: 'The record has no value.' },
  TOO_SHORT: { disposition: 'deadLetter', template: 'The value is shorter than its frame.' },
  TOO_LONG: { disposition: 'deadLetter', template: 'The value exceeds the maximum record length.' },
  BAD_MAGIC: { disposition: 'deadLetter', template: 'The value does not begin with the schema frame.' },
  BAD_CHECKSUM: { disposition: 'deadLetter', template: 'The value does not match its checksum.' },
  UNKNOWN_SCHEMA: {
    disposition: 'deadLetter',
    template: 'The schema id of the value is not registered.',
  },
  WRONG_SUBJECT: {
    disposition: 'deadLetter',
    template: 'The schema of the value belongs to another subject.',
  },
  TRUNCATED: { disposition: 'deadLetter', template: 'The value ends before its record does.' },
  TRAILING_BYTES: { disposition: 'deadLetter', template: 'Bytes follow the end of the record.' },
  COUNT_TOO_LARGE: { disposition: 'deadLetter', template: 'An array claims more items than bytes are left.' },
  INVALID_UTF8: { disposition: 'deadLetter', template: 'A string is not valid UTF-8.' },
  INVALID_VALUE: {
    disposition: 'deadLetter',
    template: 'A field holds a value that its type does not allow.',
  },
  TYPE_MISMATCH: {
    disposition: 'deadLetter',
    template: 'The command type does not match its payload.',
  },

  // webhook secrets
  SECRET_UNREADABLE: {
    disposition: 'retry',
    template: 'The secret of the webhook endpoint {endpointId} cannot be decrypted: {reason}.',
  },
  CUSTOMER_KEY_UNREADABLE: {
    disposition: 'retry',
    template: 'The key {keyId} of a customer cannot be decrypted: {reason}.',
  },
  SEALED_FIELDS_INVALID: {
    disposition: 'deadLetter',
    template: 'The sealed fields of the command cannot be decrypted: {reason}.',
  },

  // payments
  PROVIDER_UNAVAILABLE: {
    disposition: 'retry',
    template: 'The payment provider {provider} gives no usable answer: {reason}',
  },

  // tokens
  TOKEN_MISSING: { disposition: 'reject', template: 'The request carries no bearer token.' },
  TOKEN_MALFORMED: { disposition: 'reject', template: 'The token is not a readable JWT: {reason}' },
  TOKEN_EXPIRED: { disposition: 'reject', template: 'The token has expired.' },
  TOKEN_REFUSED: { disposition: 'reject', template: 'The token is not accepted: {reason}' },
  JWKS_UNAVAILABLE: {
    disposition: 'retry',
    template: 'The keys for token verification cannot be read: {reason}',
  },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errorTable;
