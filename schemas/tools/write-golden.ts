/** Encodes golden examples that have no .bin yet. An existing .bin is never written again: it is what is on topics. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundledCodecs } from '../../services/shared/codec/index.ts';
import { COMMANDS_SUBJECT, type OrderCommand, type OrderEvent } from '../index.ts';
import { readGoldenFiles } from './golden-files.ts';

const FRAME_BYTES = 5;

function main(): void {
  const root = join(import.meta.dirname, '..', '..');
  const { commands, events } = bundledCodecs({ commandsId: 1, eventsId: 2 });
  for (const { subject, path, value, body } of readGoldenFiles(root)) {
    if (body !== null) continue;
    const framed =
      subject === COMMANDS_SUBJECT
        ? commands.encode(value as OrderCommand)
        : events.encode(value as OrderEvent);
    writeFileSync(join(root, `${path}.bin`), framed.subarray(FRAME_BYTES));
    console.log(`wrote ${path}.bin`);
  }
}

if (import.meta.main) main();
