/** Rules of lists of lines that no schema expresses. */
import { validationProblem } from '../../requests/read-request.ts';

interface Line {
  readonly line: number;
  readonly quantity: number;
  readonly restock?: number;
}

/** Throws the problem VALIDATION_FAILED if a line occurs twice, or if more units go back to stock than came back. */
export function checkLines(lines: readonly Line[] = []): void {
  const seen = new Set<number>();
  const errors: { pointer: string; detail: string }[] = [];
  for (const [index, { line, quantity, restock = 0 }] of lines.entries()) {
    if (seen.has(line)) errors.push({ pointer: `/lines/${index}/line`, detail: 'occurs twice' });
    if (restock > quantity)
      errors.push({ pointer: `/lines/${index}/restock`, detail: 'must not be more than quantity' });
    seen.add(line);
  }
  if (errors.length > 0) throw validationProblem(errors);
}
