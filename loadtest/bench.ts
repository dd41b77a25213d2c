/**
 * `npm run bench -- e2e|expiry|http|reconcile|shares|store|subscribers [--quick] [--json] [--rounds N] [--only VARIANT,…]`:
 * Runs a bench and prints its table, or one JSON document with --json. Only e2e, http, shares and store use `--only`.
 * The exit code is 1 if a run has no number.
 */
import { parseArgs } from 'node:util';
import { goOnWithoutOutput } from '../services/shared/lifecycle/lost-output.ts';
import { reportDocument } from './frame/document.ts';
import { reportLines } from './frame/table.ts';
import type { BenchOptions, BenchReport } from './frame/types.ts';

goOnWithoutOutput();

type Bench = (options: BenchOptions) => Promise<BenchReport>;

/** Loads each bench only on request, because each bench has its own clients and servers. */
const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  e2e: async () => (await import('./e2e/bench.ts')).e2eBench,
  expiry: async () => (await import('./expiry/bench.ts')).expiryBench,
  http: async () => (await import('./http/bench.ts')).httpBench,
  reconcile: async () => (await import('./reconcile/bench.ts')).reconcileBench,
  shares: async () => (await import('./shares/bench.ts')).sharesBench,
  store: async () => (await import('./store/bench.ts')).storeBench,
  subscribers: async () => (await import('./subscribers/bench.ts')).subscribersBench,
};

const usage = `usage: npm run bench -- <${Object.keys(benches).join('|')}> [--quick] [--json] [--rounds N] [--only VARIANT,…]`;
const roundsMax = 100;

const asked = readArguments();
if (asked === null) {
  console.error(usage);
  process.exitCode = 2;
} else {
  const bench = await asked.load();
  const report = await bench({
    quick: asked.quick,
    rounds: asked.rounds,
    only: asked.only,
    tell: (line) => console.error(line),
  });
  if (asked.json) console.log(JSON.stringify(reportDocument(report), null, 2));
  else for (const line of reportLines(report)) console.log(line);
  if ([...report.rounds.results.values()].flat().some((result) => !result.ok)) process.exitCode = 1;
  const unknown = (asked.only ?? []).filter((name) => !report.rounds.results.has(name));
  if (unknown.length > 0) {
    console.error(`no variant of this bench is named ${unknown.join(' or ')}`);
    process.exitCode = 2;
  }
}

function readArguments() {
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: {
        quick: { type: 'boolean' },
        json: { type: 'boolean' },
        rounds: { type: 'string' },
        only: { type: 'string' },
      },
    });
    const load = benches[positionals[0] ?? ''];
    const rounds = values.rounds === undefined ? null : Number(values.rounds);
    const roundsFit = rounds === null || (Number.isInteger(rounds) && rounds >= 1 && rounds <= roundsMax);
    if (load === undefined || positionals.length !== 1 || !roundsFit) return null;
    return {
      load,
      rounds,
      only: values.only?.split(',') ?? null,
      quick: values.quick ?? false,
      json: values.json ?? false,
    };
  } catch (error) {
    console.error((error as Error).message);
    return null;
  }
}
