export { AppError, appError } from './app-error.ts';
export { classify, errorMessage } from './classify.ts';
export type { Disposition, ErrorCode } from './table.ts';
export { errorTable } from './table.ts';
