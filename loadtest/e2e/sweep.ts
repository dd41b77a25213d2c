/**
 * Finds the best settings of the reference designs. Measures all settings in turn, at 64 connections. Prints the page
 * docs/bench/reference-sweep.md. `bestSettings` has the best values.
 *
 *   node loadtest/e2e/sweep.ts [rounds] > docs/bench/reference-sweep.md
 */
import { runRounds } from '../frame/rounds.ts';
import { openStack } from '../frame/stack.ts';
import { median, perRun, rateOf } from '../frame/statistics.ts';
import type { Rounds } from '../frame/types.ts';
import type { ReferenceSettings } from '../reference/reference-process.ts';
import { type MakeDesign, openArena, type Times } from './arena.ts';
import { articlesDesign, asyncDesign, bestSettings } from './reference-design.ts';
import { type Planned, variantsOf } from './variants.ts';

interface Candidate {
  readonly design: 'articles' | 'async';
  readonly text: string;
  readonly settings: ReferenceSettings;
}

const connections = 64;
const roundsDefault = 3;
const times: Times = { startUpMs: 3_000, warmUpMs: 1_000, measureMs: 4_000 };
const makers = { articles: articlesDesign, async: asyncDesign };

const pools = [4, 8, 16, 32, 64].map((pool) => candidate('articles', `${pool} connections`, { pool }));
const relays = [
  candidate('articles', 'relay of 100 rows', { relayRows: 100 }),
  candidate('articles', 'relay of 2,000 rows', { relayRows: 2_000 }),
  candidate('articles', 'relay pauses 1 ms', { relayPauseMs: 1 }),
  candidate('articles', 'relay pauses 20 ms', { relayPauseMs: 20 }),
];
const consumers = [1, 2].flatMap((count) =>
  [1, 4, 12].map((partitions) =>
    candidate('async', `${count} × ${partitions} partitions at a time`, { consumers: count, partitions }),
  ),
);
const fetches = [8, 64].map((kB) => candidate('async', `fetches of ${kB} kB`, { fetchBytesMin: kB * 1_024 }));
const candidates = [...pools, ...relays, ...consumers, ...fetches];

const rounds = await sweep(Number(process.argv[2] ?? roundsDefault));
for (const line of page(rounds)) console.log(line);

function candidate(
  design: Candidate['design'],
  text: string,
  changed: Partial<ReferenceSettings>,
): Candidate {
  return { design, text, settings: { ...bestSettings, ...changed } };
}

async function sweep(count: number): Promise<Rounds> {
  const tell = (line: string): void => console.error(line);
  const stack = await openStack(tell);
  try {
    const named = candidates.map((each, index) => [`${each.design}/${index}`, each] as const);
    const made = Object.fromEntries(
      named.map(([name, { design, settings }]): [string, MakeDesign] => [
        name,
        (own, jwks) => makers[design](own, jwks, settings),
      ]),
    );
    const plan = named.map(
      ([name, { design, text }]): Planned => ({
        name: `${design}, ${text}`,
        design: name,
        shape: { kind: 'closed', connections, ordersEach: 1 },
      }),
    );
    const arena = await openArena(stack, made, times);
    try {
      return await runRounds(variantsOf(arena, plan), count, tell);
    } finally {
      await arena.close();
    }
  } finally {
    await stack.close();
  }
}

function page({ results, count, spinMs }: Rounds): string[] {
  const rows = [...results].map(([name, runs]) => {
    const rate = median(perRun(runs, rateOf));
    const p50 = median(perRun(runs, ({ p50Ms }) => p50Ms));
    return `| ${name} | ${rate?.toFixed(0) ?? '–'} | ${p50?.toFixed(0) ?? '–'} |`;
  });
  const { pool, relayRows, relayPauseMs, partitions, consumers: processes, fetchBytesMin } = bestSettings;
  return [
    '# Settings of the reference designs',
    '',
    `\`node loadtest/e2e/sweep.ts\` measured these settings by turns at ${connections} connections, on one machine of two cores with all`,
    'servers. The columns are the median of the rounds: outcomes per second, and the time from the request to the outcome.',
    `There were ${count} rounds; a fixed loop took ${spinMs.map((ms) => ms.toFixed(0)).join(', ')} ms beside them (about 100 ms on an idle machine).`,
    '',
    'Each row changes one setting of the bench. The other settings are:',
    '',
    `- articles: ${pool} connections; a relay of ${relayRows} rows that pauses ${relayPauseMs} ms when it finds no row;`,
    `- async: ${processes} × ${partitions} partitions at a time (processes × partitions); fetches of ${fetchBytesMin} bytes or more.`,
    '',
    '| setting | orders/s | p50 ms |',
    '| --- | --- | --- |',
    ...rows,
  ];
}
