/**
 * `npm run sabotage -- [--project unit] [words of bugs…]`: plants known bugs, one at a time, in a copy of the
 * tree. It runs the tests that must detect them. The tests run without a bug first. A bug that no test
 * detects is a gap in the tests.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { goOnWithoutOutput } from '../../services/shared/lifecycle/lost-output.ts';
import { stackDown, stackEnv, stackUp } from '../../stack/index.ts';
import type { Plant } from './sabotage/plant.ts';
import { plants } from './sabotage/plants.ts';

goOnWithoutOutput();

const instance = 'sabotage';
const root = path.join(import.meta.dirname, '../..');
const left = new Set(['node_modules', '.git', '.stack']);

interface Verdict {
  readonly failed: string[];
  readonly passed: number;
}

/** The results of a plant's tests without the bug, by test name. */
const known = new Map<string, Promise<Verdict>>();

const { values, positionals } = parseArgs({
  options: { project: { type: 'string' } },
  allowPositionals: true,
});
const chosen = plants.filter(
  ({ bug, project }) =>
    project === (values.project ?? project) && positionals.every((word) => bug.includes(word)),
);
if (chosen.length === 0) throw new Error(`no bug is called ${positionals.join(' ')}`);
process.exitCode = (await sabotage(chosen)) ? 0 : 1;

async function sabotage(bugs: readonly Plant[]): Promise<boolean> {
  const needsServers = bugs.some(({ project }) => project === 'integration');
  const servers = needsServers ? stackEnv(await stackUp({ name: instance })) : {};
  const copy = mkdtempSync(path.join(tmpdir(), 'orderstream-sabotage-'));
  try {
    cpSync(root, copy, { recursive: true, filter: (file) => !left.has(path.basename(file)) });
    symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
    const env = { ...process.env, ...servers };
    let escaped = 0;
    for (const plant of bugs) if (!(await isCaught(plant, copy, env))) escaped += 1;
    console.log(`${bugs.length - escaped} of ${bugs.length} planted bugs caught`);
    return escaped === 0;
  } finally {
    rmSync(copy, { recursive: true, force: true });
    if (needsServers) await stackDown(instance);
  }
}

async function isCaught(plant: Plant, copy: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const startedMs = performance.now();
  const file = path.join(copy, plant.file);
  const source = readFileSync(file, 'utf8');
  if (source.split(plant.good).length !== 2) {
    console.log(`CANNOT BE PLANTED: ${plant.bug} (${plant.file} has changed)`);
    return false;
  }
  const sound = await sounds(plant, copy, env);
  if (sound.failed.length > 0 || sound.passed === 0) {
    console.log(
      `NO JUDGE: ${plant.bug}: without it ${sound.passed} pass, failed: ${sound.failed.join('; ')}`,
    );
    return false;
  }
  writeFileSync(
    file,
    source.replace(plant.good, () => plant.bad),
  );
  const { failed } = await runTests(plant, copy, env);
  writeFileSync(file, source);
  const seconds = Math.round((performance.now() - startedMs) / 1_000);
  console.log(`${failed.length > 0 ? 'caught ' : 'ESCAPED'}: ${plant.bug} (${seconds} s) ${failed[0] ?? ''}`);
  return failed.length > 0;
}

/** Runs the tests without a bug, once for all plants that share them. */
function sounds(plant: Plant, copy: string, env: NodeJS.ProcessEnv): Promise<Verdict> {
  const key = JSON.stringify([plant.project, plant.tests, plant.only]);
  let verdict = known.get(key);
  if (verdict === undefined) {
    verdict = runTests(plant, copy, env);
    known.set(key, verdict);
  }
  return verdict;
}

async function runTests(
  { project, tests, only }: Plant,
  copy: string,
  env: NodeJS.ProcessEnv,
): Promise<Verdict> {
  const report = path.join(copy, 'report.json');
  rmSync(report, { force: true });
  const args = ['run', '--project', project, '--reporter=json', `--outputFile=${report}`, ...tests];
  if (only !== undefined) args.push('-t', only);
  const child = spawn(process.execPath, [path.join(root, 'node_modules/vitest/vitest.mjs'), ...args], {
    cwd: copy,
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await new Promise((resolve) => child.once('close', resolve));
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
    testResults: {
      message: string;
      status: string;
      assertionResults: { status: string; fullName: string }[];
    }[];
  };
  const all = testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = all.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName);
  // A file that cannot be loaded has tested nothing.
  const unread = testResults.find(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  if (unread !== undefined) throw new Error(`${tests.join(', ')} cannot be run: ${unread.message}`);
  return { failed, passed: all.filter(({ status }) => status === 'passed').length };
}
