import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { AppError, appError, classify, errorMessage, errorTable } from './index.ts';

describe('appError', () => {
  it('fills the template from the details and keeps them with the disposition and the cause', () => {
    const cause = new Error('socket closed');
    const error = appError('NOT_PRODUCED', { reason: 'no leader' }, { cause });
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({
      code: 'NOT_PRODUCED',
      disposition: 'retry',
      details: { reason: 'no leader' },
      cause,
    });
    expect(error.message).toBe('The message was not produced: no leader');
  });

  it('shows a missing detail instead of failing on it', () => {
    expect(appError('NOT_PRODUCED').message).toContain('?');
  });

  it('lists several problems, one per line', () => {
    expect(appError('CONFIG_INVALID', { problems: ['A', 'B'] }).message).toBe(
      'The configuration is invalid:\n- A\n- B',
    );
  });
});

describe('classify', () => {
  it.each([
    ['an AppError by its table row', appError('TOKEN_EXPIRED'), 'reject'],
    [
      'any error that has a disposition',
      Object.assign(new Error('bad'), { disposition: 'deadLetter' }),
      'deadLetter',
    ],
    ['a network error', Object.assign(new Error(), { code: 'ECONNRESET' }), 'retry'],
    ['an abort', new DOMException('an abort by the caller', 'AbortError'), 'retry'],
    ['a known cause', new Error('outer', { cause: appError('BAD_MAGIC') }), 'deadLetter'],
    [
      'the first of several',
      new AggregateError([Object.assign(new Error(), { code: 'ECONNREFUSED' })]),
      'retry',
    ],
    ['a bug', new TypeError('x is not a function'), 'fatal'],
    ['text', 'boom', 'fatal'],
    ['nothing', undefined, 'fatal'],
    ['null', null, 'fatal'],
  ])('knows %s', (_name, error, disposition) => {
    expect(classify(error)).toBe(disposition);
  });

  it('ends on a circular chain of causes', () => {
    const error: Error & { cause?: unknown } = new Error('loop');
    error.cause = error;
    expect(classify(error)).toBe('fatal');
  });
});

describe('errorMessage', () => {
  it.each([
    [new Error('told'), 'told'],
    [new AggregateError([new Error('first')]), 'first'],
    [Object.assign(new Error(), { code: 'E1' }), 'E1'],
    ['text', 'text'],
    [{ a: 1 }, '{"a":1}'],
    [undefined, 'undefined'],
    [10n, 'bigint'],
  ])('finds a text for %s', (error, message) => {
    expect(errorMessage(error)).toBe(message);
  });
});

describe('docs/errors.md', () => {
  const docs = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');

  it('has exactly the codes, dispositions and messages of the table', () => {
    const documented = [...docs.matchAll(/^\| `(\w+)` \| (\w+) \| (.*) \|$/gm)].map(([, ...cells]) => cells);
    const table = Object.entries(errorTable).map(([code, row]) => [
      code,
      row.disposition,
      row.template.replaceAll('\n', ' '),
    ]);
    expect(documented).toEqual(table);
  });
});
