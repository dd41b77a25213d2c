export { affectedRows, rowsOf } from './answers.ts';
export { classifyMysqlError, type MysqlErrorKind } from './errors.ts';
export { bytesToUuid, uuidToBytes, uuidToSql } from './ids.ts';
export { type MigrateOptions, type MigrationStep, migrate } from './migrate.ts';
export { type ConnectOptions, createMysql, type Mysql, type MysqlOptions } from './mysql.ts';
export { readNowMs } from './now.ts';
export {
  headroomBytes,
  type Script,
  StatementBuffer,
  type StatementPacket,
  statementsIn,
} from './statement-buffer.ts';
export { driverOptions, parseMysqlUrl } from './target.ts';
export type { Answer, Param, Pool, Queryable, QueryOptions, Row, Session, WriteResult } from './types.ts';
