import { type Disposition, type ErrorCode, errorTable } from './table.ts';

export type ErrorDetails = Readonly<Record<string, unknown>>;

/** The only error class of the product: branch on `code` or `disposition`, never on the message. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly disposition: Disposition;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails = {}, options: { cause?: unknown } = {}) {
    super(fillTemplate(errorTable[code].template, details), options);
    this.name = 'AppError';
    this.code = code;
    this.disposition = errorTable[code].disposition;
    this.details = details;
  }
}

/**
 * An `AppError` whose message is the table's template, with `{name}` filled from `details`. A missing detail
 * becomes `?`.
 */
export function appError(
  code: ErrorCode,
  details: ErrorDetails = {},
  options: { cause?: unknown } = {},
): AppError {
  return new AppError(code, details, options);
}

function fillTemplate(template: string, details: ErrorDetails): string {
  return template.replace(/\{(\w+)\}/g, (_whole, name: string) => {
    const value = details[name];
    if (Array.isArray(value)) return value.map((item) => `- ${item}`).join('\n');
    return value === undefined ? '?' : String(value);
  });
}
