import { CommanderError } from 'commander';
import { expect, test } from 'vitest';
import { CliError, describeFailure, usageError } from './errors.ts';

test('a failure is one sentence with its details, and has a stack trace only on request', () => {
  const error = usageError('the file has 2 bad lines', ['line 1: x', 'line 2: y']);
  expect(describeFailure(error, false)).toEqual({
    text: 'orderstream: the file has 2 bad lines\n  line 1: x\n  line 2: y\n',
    exitCode: 2,
  });
  expect(describeFailure(new CliError('no'), false).exitCode).toBe(1);
  expect(describeFailure(new CliError('no', { cause: new Error('deep') }), true).text).toMatch(
    /at .*\n.*caused by Error: deep/s,
  );
});

test('a refused connection contains the address, at any depth of wrapped errors', () => {
  const refused = Object.assign(new Error(''), { code: 'ECONNREFUSED', address: '127.0.0.1', port: 1 });
  const wrapped = new TypeError('fetch failed', { cause: new AggregateError([refused]) });
  expect(describeFailure(wrapped, false).text).toContain('cannot reach 127.0.0.1:1');
});

test('commander prints its own errors, and help is not a failure', () => {
  expect(describeFailure(new CommanderError(1, 'commander.unknownOption', 'x'), false)).toEqual({
    text: '',
    exitCode: 2,
  });
  expect(describeFailure(new CommanderError(0, 'commander.helpDisplayed', 'x'), false)).toEqual({
    text: '',
    exitCode: 0,
  });
});

test('any value may be thrown', () => {
  expect(describeFailure('text', false).text).toBe('orderstream: text\n');
  expect(describeFailure(Object.assign(new Error(''), { code: 'EIO' }), false).text).toBe(
    'orderstream: failed with EIO\n',
  );
});
