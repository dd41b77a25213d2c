/** `orderstream recover continue`: ends the halt of the pipeline once no lane shows lost commits. */
import { lostCommits } from '../../services/worker/takeover/position-problem.ts';
import { CliError } from '../errors.ts';
import { print } from '../output.ts';
import { endHalt } from './change.ts';
import { checkLanes } from './lane-facts.ts';
import { withServers } from './opened.ts';
import { haltOf, stopsOf } from './status.ts';

/** @throws CliError while commits are still missing */
export async function continuePipeline({ name, dryRun }: { name: string; dryRun?: boolean }): Promise<void> {
  await withServers(name, async (opened) => {
    const halt = await haltOf(opened.db);
    if (halt === null) return print('the pipeline is not halted');
    const stops = stopsOf(await checkLanes(opened));
    const lost = stops.filter(({ why }) => lostCommits.has(why));
    if (lost.length > 0) {
      const lines = lost.map(({ partition, message }) => `lane ${partition}: ${message}`);
      throw new CliError('the database still lacks commits; nothing was changed', { detailLines: lines });
    }
    print(`the halt of ${new Date(halt.detectedAtMs).toISOString()} can end: no lane shows lost commits`);
    for (const { partition, message } of stops) print(`lane ${partition} stays stopped: ${message}`);
    if (dryRun) return print('dry run: nothing was changed');
    await endHalt(opened.db, {
      command: 'continue',
      halted: halt.message.slice(0, 300),
      by: halt.detectedBy,
    });
    print('the halt has ended: workers continue within seconds');
  });
}
