/** Every row: cases that `npm run cases` sends, and rows that a test file or a chaos scenario shows. */
import type { Case, ShownElsewhere } from './case.ts';

export const cases: readonly Case[] = [];

export const shownElsewhere: readonly ShownElsewhere[] = [];
