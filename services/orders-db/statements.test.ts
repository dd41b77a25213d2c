import { describe, expect, it } from 'vitest';
import { splitStatements } from './statements.ts';

describe('splitStatements', () => {
  it.each([
    ['SELECT 1; SELECT 2', ['SELECT 1', 'SELECT 2']],
    [
      "INSERT INTO t VALUES (';', \"a;\\\";b\", 'it''s;');",
      ["INSERT INTO t VALUES (';', \"a;\\\";b\", 'it''s;')"],
    ],
    ['-- a; comment\nSELECT 1 /* ; */ ; # tail;\n', ['-- a; comment\nSELECT 1 /* ; */']],
    ['CREATE TABLE `a;b` (x INT);', ['CREATE TABLE `a;b` (x INT)']],
    ['/*!40101 SET x = 1 */;', ['/*!40101 SET x = 1 */']],
    ['SELECT 5--1;', ['SELECT 5--1']],
    [' ;; -- nothing\n', []],
    ['', []],
  ])('splits %j', (script, statements) => {
    expect(splitStatements(script)).toEqual(statements);
  });
});
