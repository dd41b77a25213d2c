/**
 * `npm run release -- 1.3.0` makes the commit and the tag of a release. `--dry-run` prints each step and changes
 * nothing. A step that fails undoes all changes. `--mirror URL` asks another registry for the base images.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { git, restore } from './git.ts';
import { type Release, steps } from './steps.ts';

const root = path.resolve(import.meta.dirname, '../..');
const usage = 'usage: npm run release -- VERSION [--dry-run] [--mirror URL]';

process.exitCode = await main();

async function main(): Promise<number> {
  const release = readArguments();
  if (release === null) {
    console.error(usage);
    return 2;
  }
  let changed = false;
  for (const [number, step] of steps.entries()) {
    console.log(`${number + 1}. ${step.name}`);
    try {
      for (const line of await step.plan(release)) console.log(`   ${line}`);
      if (release.isDryRun || step.run === undefined) continue;
      changed = true;
      for (const line of await step.run(release)) console.log(`   ${line}`);
    } catch (error) {
      console.error(`${step.name}: ${(error as Error).message}`);
      if (changed) restore(root, release.start);
      console.error(changed ? 'all changes were undone' : 'nothing was changed');
      return 1;
    }
  }
  console.log(release.isDryRun ? 'dry run: nothing was changed' : `released ${release.version}`);
  return 0;
}

function readArguments(): Release | null {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { 'dry-run': { type: 'boolean', default: false }, mirror: { type: 'string' } },
    });
    const [version] = positionals;
    if (positionals.length !== 1 || !/^\d+\.\d+\.\d+$/.test(version!)) return null;
    const date = new Date().toISOString().slice(0, 10);
    const start = git(root, 'rev-parse', 'HEAD');
    return {
      root,
      version: version!,
      date,
      start,
      isDryRun: values['dry-run'],
      mirror: values.mirror,
      digests: new Map(),
    };
  } catch (error) {
    console.error((error as Error).message);
    return null;
  }
}
