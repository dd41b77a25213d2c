/**
 * A stage of `npm test`. It fails on files of more than 300 lines and on folders with more than 15 source
 * files. The length of functions is a rule of biome (`noExcessiveLinesPerFunction` in `biome.json`), in all
 * files except tests.
 */
import { readFileSync } from 'node:fs';
import { sizeFaults } from './sizes.ts';
import { trackedFiles } from './tracked.ts';

const files = trackedFiles('*.ts').map((file) => ({
  file,
  lines: readFileSync(file, 'utf8').split('\n').length - 1,
}));
const faults = sizeFaults(files);
for (const fault of faults) console.log(fault);
if (faults.length > 0)
  console.log(`${faults.length} files or folders are too large (CONTRIBUTING.md, "Code style")`);
process.exitCode = faults.length > 0 ? 1 : 0;
