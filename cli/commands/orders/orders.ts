import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { withoutPassword } from '../../../services/shared/config/index.ts';
import { positiveNumber, seconds } from '../../arguments.ts';
import { CliError, usageError } from '../../errors.ts';
import { mustBeReadable } from '../../input.ts';
import { createOrderApi } from '../../orders/order-api.ts';
import { readOrderLines } from '../../orders/read-lines.ts';
import { sendOrders } from '../../orders/send.ts';
import { differences, type ExpectedTotals, isComplete, summaryText } from '../../orders/summary.ts';
import { count, createProgress, print, printJson } from '../../output.ts';
import { apiUrl, DEFAULT_INSTANCE } from '../../servers.ts';
import { createTokens } from '../../tokens.ts';
import { liveCommand } from './live.ts';

interface SendOptions {
  name: string;
  url?: string;
  concurrency: number;
  stall: number;
  expect?: string;
  json?: boolean;
}

const REACH_TIMEOUT_MS = 5000;

/**
 * `orderstream orders send FILE.ndjson`: places the orders of a file over HTTP and follows them to their
 * outcomes.
 */
export function ordersCommand(): Command {
  const command = new Command('orders').description(
    'send many orders at once, or play whole lives of orders',
  );
  command
    .command('send')
    .description(
      'place the orders of a file with lines {customerId, idempotencyKey, order} and wait for their outcomes. Safe to repeat',
    )
    .argument('<file>', 'UTF-8 NDJSON file, or - for standard input')
    .option('--name <instance>', 'local instance to send the orders to', DEFAULT_INSTANCE)
    .option('--url <url>', 'base URL of the API, instead of the local one')
    .option('--concurrency <n>', 'maximum concurrent requests', positiveNumber, 16)
    .option('--stall <time>', 'give up after this long without progress', seconds, 60)
    .option('--expect <file>', 'compare the totals with a JSON file; fail on a difference')
    .option('--json', 'print the totals as JSON')
    .action(send);
  return command.addCommand(liveCommand());
}

async function send(file: string, options: SendOptions): Promise<void> {
  await mustBeReadable(file);
  const expected = options.expect === undefined ? null : await readExpected(options.expect);
  const baseUrl = options.url ?? apiUrl(options.name, process.env);
  const tokenFor = await createTokens(options.name, process.env);
  await mustReach(baseUrl);

  const progress = createProgress(process.stderr);
  const summary = await sendOrders(readOrderLines(file), {
    api: createOrderApi({ baseUrl, tokenFor }),
    placesMax: options.concurrency,
    stallMs: options.stall * 1000,
    onProgress: ({ sent, accepted, settled }) =>
      progress.show(
        `${count(sent)} read, ${count(accepted)} accepted, ${count(settled)} orders with an outcome`,
      ),
  }).finally(() => progress.end());

  if (options.json) printJson(summary);
  else print(summaryText(summary));
  if (expected !== null) compare(summary, expected, options.json === true);
  if (!isComplete(summary)) process.exitCode = 1;
}

function compare(summary: Parameters<typeof differences>[0], expected: ExpectedTotals, quiet: boolean): void {
  const found = differences(summary, expected);
  if (found.length > 0)
    throw new CliError('the totals differ from the expected totals', { detailLines: found });
  if (!quiet) print('all totals as expected');
}

async function readExpected(file: string): Promise<ExpectedTotals> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as ExpectedTotals;
  } catch (error) {
    throw usageError(
      `cannot read the expected totals in ${file}: ${error instanceof Error ? error.message : error}`,
    );
  }
}

/**
 * Requires any response of the API. Without this check, an API that is down would be reported only after the stall
 * time.
 */
async function mustReach(baseUrl: string): Promise<void> {
  if (!URL.canParse(baseUrl)) throw usageError(`${withoutPassword(baseUrl)} is not a URL`);
  try {
    await fetch(new URL('/openapi.json', baseUrl), { signal: AbortSignal.timeout(REACH_TIMEOUT_MS) });
  } catch (error) {
    throw new CliError(
      `the API at ${withoutPassword(baseUrl)} does not respond; is it running? \`npm start\` starts it`,
      {
        cause: error,
      },
    );
  }
}
