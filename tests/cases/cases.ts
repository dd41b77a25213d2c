/**
 * `npm run cases -- [ID…] [--name cases]`: sends the smallest input of each known fault to a running product
 * and prints one line for each. It uses an instance that answers; otherwise it starts one for the run.
 */
import { parseArgs } from 'node:util';
import { goOnWithoutOutput } from '../../services/shared/lifecycle/lost-output.ts';
import { openProduct, type Product } from '../support/programs/product.ts';
import type { Case } from './case.ts';
import { cases, shownElsewhere } from './rows.ts';

goOnWithoutOutput();

const { values: flags, positionals: asked } = parseArgs({
  allowPositionals: true,
  options: { name: { type: 'string', default: 'cases' } },
});

process.exitCode = await main();

async function main(): Promise<number> {
  const isAsked = ({ id }: { id: string }): boolean => asked.length === 0 || asked.includes(id);
  const chosen = cases.filter(isAsked);
  const elsewhere = shownElsewhere.filter(isAsked);
  const known = new Set([...chosen, ...elsewhere].map(({ id }) => id));
  const unknown = asked.filter((id) => !known.has(id));
  if (unknown.length > 0) {
    console.error(`There is no case ${unknown.join(', ')}.`);
    return 1;
  }
  const failed = chosen.length === 0 ? 0 : await runAll(chosen);
  for (const { id, holds, shownBy } of elsewhere)
    console.log(`see      ${id.padEnd(4)} ${holds} (${shownBy})`);
  console.log(`${chosen.length - failed} hold, ${failed} do not; ${elsewhere.length} are shown elsewhere`);
  return failed === 0 ? 0 : 1;
}

async function runAll(chosen: readonly Case[]): Promise<number> {
  const product = await openProduct(flags.name);
  let failed = 0;
  try {
    for (const one of chosen) {
      const problem = await runOne(one, product);
      if (problem !== null) failed += 1;
      console.log(`${problem === null ? 'holds   ' : 'FAILS   '} ${one.id.padEnd(4)} ${one.holds}`);
      if (problem !== null) console.log(`              ${problem}`);
    }
  } finally {
    await product.close();
  }
  return failed;
}

/** A case that cannot run counts as failed. The other cases still run. */
async function runOne({ run }: Case, product: Product): Promise<string | null> {
  try {
    return await run(product);
  } catch (error) {
    return `it could not be run: ${error instanceof Error ? error.message : String(error)}`;
  }
}
