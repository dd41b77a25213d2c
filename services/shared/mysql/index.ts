export { classifyMysqlError, type MysqlErrorKind, mysqlTlsFault } from './errors.ts';
export { bytesToUuid, placeholders, textToSql, uuidToBytes, uuidToSql } from './literals.ts';
export { type ConnectOptions, createMysql, type Mysql } from './mysql.ts';
export { nowSql, readNowMs } from './now.ts';
export { affectedRows, rowsOf } from './result-values.ts';
export {
  headroomBytes,
  type Script,
  StatementBuffer,
  type StatementPacket,
  statementsIn,
} from './statement-buffer.ts';
export { driverOptions, parseMysqlUrl } from './target.ts';
export type { Answer, Param, Pool, Queryable, Row, Session, WriteResult } from './types.ts';
