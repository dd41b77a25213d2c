export { classifyMysqlError, type MysqlErrorKind } from './errors.ts';
export { bytesToUuid, uuidToBytes, uuidToSql } from './ids.ts';
export { type MigrateOptions, type MigrationStep, migrate } from './migrate.ts';
export { createMysql, type Mysql, type MysqlOptions } from './mysql.ts';
export { headroomBytes, StatementBuffer, type StatementBytes } from './statement-buffer.ts';
export type { Param, Pool, Queryable, QueryOptions, Row, Session, WriteResult } from './types.ts';
