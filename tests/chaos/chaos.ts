/**
 * `npm run chaos -- [scenario…] [--minutes 5] [--lives 5000] [--seed S] [--name chaos]`: long forms of the tests in
 * tests/integration/worker/. They run on separate servers and with real signals. Every scenario ends with the
 * audit of its arena. Without a name, all scenarios run.
 */
import { parseArgs } from 'node:util';
import { goOnWithoutOutput } from '../../services/shared/lifecycle/lost-output.ts';
import { audit } from '../support/arena/reading/audit.ts';
import { type ChaosArena, chaosInstance, openChaosArena } from './chaos-arena.ts';
import type { Figures } from './figures.ts';
import { scenarios } from './scenarios.ts';

goOnWithoutOutput();

const { values, positionals: asked } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string' },
    lives: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    name: { type: 'string', default: chaosInstance },
  },
});
const options = {
  minutes: Number(values.minutes ?? 5),
  lives: {
    count: Number(values.lives ?? (values.minutes === undefined ? 5_000 : 0)),
    minutes: Number(values.minutes ?? 0),
  },
  seed: Number(values.seed),
};
const unknown = asked.filter((name) => !(name in scenarios));
if (unknown.length > 0) {
  throw new Error(
    `no scenario is called ${unknown.join(', ')}; there are ${Object.keys(scenarios).join(', ')}`,
  );
}
let failed = 0;
for (const name of asked.length > 0 ? asked : Object.keys(scenarios)) {
  if (!(await runScenario(name))) failed += 1;
}
process.exitCode = failed === 0 ? 0 : 1;

async function runScenario(name: string): Promise<boolean> {
  const startedMs = performance.now();
  const chaos = await openChaosArena(values.name, name === 'broker-killed' ? 3 : 1);
  let ok = false;
  try {
    const figures = await scenarios[name]!(chaos, options);
    const found = figures.audited === true ? [] : await audited(chaos, figures);
    const problems = [...figures.problems, ...found];
    ok = problems.length === 0;
    const seconds = Math.round((performance.now() - startedMs) / 1_000);
    console.log(`${ok ? 'holds' : 'DOES NOT HOLD'}: ${name}, ${seconds} s, ${JSON.stringify(figures.seen)}`);
    for (const problem of problems) console.log(`FOUND ${problem}`);
    return ok;
  } catch (error) {
    // A scenario that fails to run must not stop the others.
    console.log(`DOES NOT HOLD: ${name} ended early`, error);
    return false;
  } finally {
    await chaos.close(ok);
  }
}

async function audited({ arena, producer }: ChaosArena, figures: Figures): Promise<readonly string[]> {
  const { findings, repeats, report } = await audit(arena, producer.history);
  figures.seen['commands'] = producer.history.length;
  figures.seen['repeats'] = repeats;
  figures.seen['deadLetters'] = report.outcomes['DEAD_LETTERED'] ?? 0;
  return findings;
}
