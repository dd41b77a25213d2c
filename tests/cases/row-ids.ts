/**
 * Every fault that trying the product found and that is mended: S security, R reliability, C clients, L local runs, D documents.
 * Left out are those that come with the order lifecycle: R6 (payment windows) and D3 (its documents).
 */
export const rowIds: readonly string[] = [
  ...numbered('S', 14),
  ...numbered('R', 17).filter((id) => id !== 'R6'),
  ...['R1b', 'R5b'],
  ...numbered('C', 17),
  ...numbered('L', 8),
  ...['D1', 'D2', 'D4'],
];

function numbered(letter: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${letter}${index + 1}`);
}
