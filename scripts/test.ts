/**
 * `npm test`: static stages, then unit and integration tests on real servers. All stages run even if one fails,
 * and the last line has the totals. Each static stage counts as one test. The search of service logs for
 * personal data and secrets also counts as one.
 */
import { keepLogs } from './test/logs.ts';
import { runStatic, type Stage, stages } from './test/stages.ts';
import { runVitest } from './test/vitest.ts';

const only = process.argv.slice(2);
let passed = 0;
let failed = 0;

for (const stage of only.length === 0 ? stages : []) {
  if (await timed(stage)) passed += 1;
  else failed += 1;
}
const logs = keepLogs();
const counts = await runVitest(only);
passed += counts.passed;
failed += counts.failed;
if (only.length === 0) {
  if (logs.search()) passed += 1;
  else failed += 1;
}
for (const name of counts.failures) console.log(`failed: ${name}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

async function timed(stage: Stage): Promise<boolean> {
  const startedMs = performance.now();
  const ok = await runStatic(stage);
  console.log(
    `${ok ? 'ok    ' : 'FAILED'} ${stage.name} (${((performance.now() - startedMs) / 1000).toFixed(1)} s)`,
  );
  return ok;
}
