/**
 * Every known and repaired fault: S security, R reliability, C clients, L local runs, D documents. D3 is
 * missing, because its documents come with the order lifecycle. R6 is listed for its findings; the end of an
 * unpaid order comes with the lifecycle too.
 */
export const rowIds: readonly string[] = [
  ...numbered('S', 14),
  ...numbered('R', 17),
  ...['R1b', 'R5b'],
  ...numbered('C', 17),
  ...numbered('L', 8),
  ...['D1', 'D2', 'D4'],
];

function numbered(letter: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${letter}${index + 1}`);
}
