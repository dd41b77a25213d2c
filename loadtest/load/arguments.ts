/** The arguments of `npm run load`. */
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { positiveNumber, seconds, wholeNumber } from '../../cli/arguments.ts';
import { DEFAULT_INSTANCE } from '../../cli/servers.ts';
import { scenarios } from './plan/scenarios.ts';

export interface LoadOptions {
  readonly rate?: number;
  readonly seconds?: number;
  readonly seed: number;
  readonly customers?: number;
  readonly history?: string;
  readonly catalogue: string;
  readonly name: string;
  readonly url?: string;
  readonly token: readonly string[];
  readonly tokenFile?: string;
}

const rateMax = 100_000;
const seedMax = 2 ** 32 - 1;
const customersMax = 10_000;
const secondsMax = 86_400;

/** The command; it calls `run` with a scenario that exists and with options that fit. */
export function loadCommand(run: (scenario: string, options: LoadOptions) => Promise<void>): Command {
  return new Command('load')
    .description(
      'places orders at a chosen rate, measures latencies, and follows each accepted order to its outcome',
    )
    .addArgument(new Argument('<scenario>', 'what to place').choices(Object.keys(scenarios)))
    .option('--rate <n>', 'orders per second at the peak', upTo(rateMax))
    .option('--seconds <time>', 'length of the load, such as 90 or 5m', duration)
    .option('--seed <n>', 'start of the random numbers that choose products', seed, 1)
    .option('--history <file>', 'write one line of JSON per request to this new file')
    .option(
      '--catalogue <file>',
      'products to order: the file of `orderstream catalogue import`',
      'samples/catalogue.csv',
    )
    .addOption(new Option('--name <instance>', 'local instance').default(DEFAULT_INSTANCE))
    .option('--customers <n>', 'number of customers of the local instance', upTo(customersMax))
    .option('--url <url>', 'base URL of the API, instead of the local one')
    .option('--token <token>', 'bearer token of a customer; repeat it for several customers', collect, [])
    .option('--token-file <file>', 'file with one bearer token a line')
    .addHelpText('after', helpText())
    .exitOverride()
    .action(run);
}

function helpText(): string {
  const rows = Object.entries(scenarios).map(
    ([name, { about, ratePeak, seconds: length }]) =>
      `  ${name.padEnd(9)} ${ratePeak}/s for ${length} s: ${about}`,
  );
  return `
Scenarios, with their default rate and length:
${rows.join('\n')}

The orders are real: they hold stock. Without --token the tokens come from ORDERSTREAM_TOKEN or from the local issuer.
Exit codes: 0 every accepted order has its outcome and no unexpected answer came; 1 otherwise; 2 wrong usage or input.`;
}

function upTo(max: number): (text: string) => number {
  return (text) => {
    const value = positiveNumber(text);
    if (value > max) throw new InvalidArgumentError(`expected at most ${max}.`);
    return value;
  };
}

function duration(text: string): number {
  const value = seconds(text);
  if (value > secondsMax) throw new InvalidArgumentError('expected at most a day.');
  return value;
}

function seed(text: string): number {
  const value = wholeNumber(text);
  if (value > seedMax) throw new InvalidArgumentError(`expected at most ${seedMax}.`);
  return value;
}

function collect(text: string, before: readonly string[]): string[] {
  return [...before, text];
}
