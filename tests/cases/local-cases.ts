/** Rows about order files, the local servers and the command line itself. */
import { existsSync } from 'node:fs';
import { instanceDir } from '../../stack/index.ts';
import { orderstream } from '../support/programs/command-line.ts';
import type { Case, ShownElsewhere } from './case.ts';

const address = { line1: '1 Row', city: 'London', postalCode: 'W1U 6TU', country: 'GB' };
const line = (key: string, name: string): string =>
  JSON.stringify({
    customerId: 'case-lines',
    idempotencyKey: key,
    order: {
      currency: 'EUR',
      items: [{ sku: 'NO-SUCH', quantity: 1 }],
      shippingAddress: { name, ...address },
    },
  });

export const localCases: readonly Case[] = [
  {
    id: 'C2',
    holds: '`orders send` refuses a line that is not UTF-8, with its number, and sends the others',
    async run(product) {
      const input = Buffer.concat([
        Buffer.from(`${line('c2-1', 'Café')}\n`),
        Buffer.from(`${line('c2-2', 'Café')}\n`, 'latin1'),
        Buffer.from(`${line('c2-3', 'Tea')}\n`),
      ]);
      const { stdout, stderr } = await orderstream(product, ['orders', 'send', '-', '--json'], { input });
      const { lines, badLines } = JSON.parse(stdout) as Summary;
      const isRight = lines === 2 && badLines.length === 1 && badLines[0]?.line === 2;
      return isRight ? null : `${lines} lines were sent, bad ones are ${JSON.stringify(badLines)} ${stderr}`;
    },
  },
  {
    id: 'C3',
    holds: '`orders send` does not end a line at U+2028 in a string, so later line numbers are correct',
    async run(product) {
      const input = `${line('c3-1', 'Ada\u2028Lovelace')}\nno JSON\n`;
      const { stdout } = await orderstream(product, ['orders', 'send', '-', '--json'], { input });
      const { lines, badLines } = JSON.parse(stdout) as Summary;
      const isRight = lines === 1 && badLines.length === 1 && badLines[0]?.line === 2;
      return isRight ? null : `${lines} lines were sent, bad ones are ${JSON.stringify(badLines)}`;
    },
  },
  {
    id: 'L5',
    holds: '`stack status` shows no password of a URL that the environment names',
    async run(product) {
      const env = { MYSQL_URL: 'mysql://shop:pa55-word@127.0.0.1:1/orders?password=pa55-word' };
      const { stdout, stderr } = await orderstream(product, ['stack', 'status'], { env });
      if (!stdout.includes('mysql://shop:hidden@127.0.0.1:1/orders')) return `it prints: ${stdout} ${stderr}`;
      return /pa55/.test(stdout + stderr) ? 'the password is shown' : null;
    },
  },
  {
    id: 'L7',
    holds: 'a mistyped instance and a full disk give one sentence and exit code 1; no folder is created',
    async run(product) {
      const down = await orderstream(product, ['stack', 'down', '--name', 'case-typo']);
      if (existsSync(instanceDir('case-typo'))) return 'a folder was made';
      if (down.code !== 1 || !/^There is no instance "case-typo"; .*\.\n$/.test(down.stderr))
        return `stack down ended with ${down.code}: ${down.stderr}`;
      const full = await orderstream(product, ['topics', 'plan'], { outputFile: '/dev/full' });
      const isRight =
        full.code === 1 && /^orderstream: the output cannot be written: .*\n$/.test(full.stderr);
      return isRight ? null : `topics plan on a full disk ended with ${full.code}: ${full.stderr}`;
    },
  },
  {
    id: 'L8',
    holds: '`stack status` shows the services; `replay` warns of a group that has never committed',
    async run(product) {
      const status = await orderstream(product, ['stack', 'status']);
      const shown = /^ingestion +ready +http:\/\/127\.0\.0\.1:\d+ +\d+/m.test(status.stdout);
      if (!shown) return `stack status prints: ${status.stdout}`;
      const args = ['replay', '--group', 'case-typo', '--from', 'earliest', '--dry-run'];
      const { stderr } = await orderstream(product, args);
      return stderr.includes('warning: case-typo has no offset on')
        ? null
        : `replay does not warn: ${stderr}`;
    },
  },
];

export const localShownElsewhere: readonly ShownElsewhere[] = [
  {
    id: 'C17',
    holds: 'a file that was sent before is as quick when newer orders precede its own in the list',
    shownBy: 'cli/orders/send.test.ts',
  },
  {
    id: 'L1',
    holds: '`npm start` stops cleanly when the reader of its output ends',
    shownBy: 'tests/integration/local/start-output.test.ts',
  },
  {
    id: 'L2',
    holds: 'processes that a killed `npm start` left running end with the next start',
    shownBy: 'tests/integration/local/start-output.test.ts',
  },
  {
    id: 'L3',
    holds: 'the servers work in a path with spaces and non-ASCII letters, in any locale',
    shownBy: 'tests/integration/local/stack-paths.test.ts',
  },
  {
    id: 'D1',
    holds: 'the TypeScript sample runs as its page describes, in a copied folder, on the Node of the machine',
    shownBy: 'tests/integration/local/samples-outcomes.test.ts',
  },
  {
    id: 'D2',
    holds: 'docs/topics tells readers to read until the position, not a record, reaches the end',
    shownBy: 'topics/tools/generate-docs.test.ts',
  },
  {
    id: 'D4',
    holds: 'each code, member and command has its page, and all documents have one version',
    shownBy: 'scripts/docs/docs.test.ts',
  },
];

interface Summary {
  readonly lines: number;
  readonly badLines: readonly { readonly line: number; readonly problem: string }[];
}
