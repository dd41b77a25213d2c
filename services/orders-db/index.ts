/** The tables of the orders database: their migrations, who may use them, and readers that several services share. */
export { type MigrateOptions, type MigrationStep, migrate } from './migrate.ts';
