/** An error of the stack that a user can fix. It is shown as one sentence, without a stack trace. */
export class StackError extends Error {
  override readonly name = 'StackError';
}
