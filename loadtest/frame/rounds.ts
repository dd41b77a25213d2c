import { errorMessage } from '../../services/shared/errors/index.ts';
import { spinMs } from './cpu.ts';
import type { Rounds, RunResult, Variant } from './types.ts';

/**
 * Runs every variant once per round. Each round begins with another variant, so that other load on the machine
 * affects all variants. At the end of each round, runs the checks that are only possible then.
 */
export async function runRounds(
  variants: readonly Variant[],
  count: number,
  tell: (line: string) => void,
): Promise<Rounds> {
  const results = new Map<string, RunResult[]>(variants.map(({ name }) => [name, []]));
  const spins: number[] = [];
  for (let round = 0; round < count; round++) {
    spins.push(spinMs());
    for (let turn = 0; turn < variants.length; turn++) {
      const variant = variants[(turn + round) % variants.length]!;
      const result = await caught(() => variant.run(round));
      results.get(variant.name)!.push(result);
      tell(`round ${round + 1}/${count}  ${variant.name}: ${describe(result)}`);
    }
    for (const { name, check } of variants) {
      const ofVariant = results.get(name)!;
      const result = ofVariant.at(-1)!;
      if (check === undefined || !result.ok) continue;
      const checked = await caught(() => check(round, result));
      if (!checked.ok) tell(`round ${round + 1}/${count}  ${name}: ${describe(checked)}`);
      ofVariant[round] = checked;
    }
  }
  return { count, results, spinMs: spins };
}

async function caught(run: () => Promise<RunResult>): Promise<RunResult> {
  try {
    return await run();
  } catch (error) {
    return { ok: false, problem: errorMessage(error) };
  }
}

function describe(result: RunResult): string {
  if (!result.ok) return `no number: ${result.problem}`;
  const { orders, seconds } = result.sample;
  return `${Math.round(orders / seconds)} orders/s`;
}
