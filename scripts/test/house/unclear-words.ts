/** Words that this project once used in a meaning of its own, and the field's term for each. */
export interface UnclearWord {
  readonly pattern: RegExp;
  readonly instead: string;
}

export const unclearWords: readonly UnclearWord[] = [
  { pattern: /\bheirs?\b/i, instead: 'successor, next owner' },
  { pattern: /\b(sets?|setting) aside\b/i, instead: 'dead-letter' },
  { pattern: /\bwish(es)?\b/i, instead: 'request, command' },
  { pattern: /\bcareful (way|try|tries)\b|\bgoes the careful\b/i, instead: 'retry with locked rows' },
  { pattern: /\bfor company\b|\bcompany(Ms|IsOver)\b/, instead: 'linger' },
  { pattern: /\bstands (by|for) (itself|nobody)\b/i, instead: 'is independent' },
  { pattern: /\blast words\b/i, instead: 'log tail' },
];
