/** The tables of the orders database: their migrations, who may use them, and readers that several services share. */
export { migrate } from './migrate.ts';
