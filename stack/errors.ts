/** A refusal of the stack that a user can act on: one sentence, no stack trace. */
export class StackError extends Error {
  override readonly name = 'StackError';
}
