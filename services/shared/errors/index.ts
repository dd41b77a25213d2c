export { AppError, appError } from './app-error.ts';
export { classify, errorMessage } from './classify.ts';
export type { ErrorCode } from './table.ts';
export { errorTable } from './table.ts';
