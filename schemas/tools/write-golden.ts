/** Encodes golden examples that have no .bin file. Never overwrites a .bin file, because topics hold such bytes. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundledCodecs, bundledStateCodec, type Codec } from '../../services/shared/codec/index.ts';
import { COMMANDS_SUBJECT, EVENTS_SUBJECT, newestSchema, STATE_SUBJECT } from '../index.ts';
import { readGoldenFiles } from './golden-files.ts';

const FRAME_BYTES = 5;

function main(): void {
  const root = join(import.meta.dirname, '..', '..');
  const { commands, events } = bundledCodecs({ commandsId: 1, eventsId: 2 });
  const codecs: Record<string, Codec<unknown>> = {
    [COMMANDS_SUBJECT]: commands as Codec<unknown>,
    [EVENTS_SUBJECT]: events as Codec<unknown>,
    [STATE_SUBJECT]: bundledStateCodec(3) as Codec<unknown>,
  };
  for (const { subject, version, path, value, body } of readGoldenFiles(root)) {
    if (body !== null) continue;
    const codec = codecs[subject];
    if (codec === undefined) throw new Error(`no codec is known for the subject ${subject}`);
    if (version !== newestSchema(subject).version)
      throw new Error(`${path} is of an old version, which gets no new examples`);
    writeFileSync(join(root, `${path}.bin`), codec.encode(value).subarray(FRAME_BYTES));
    console.log(`wrote ${path}.bin`);
  }
}

if (import.meta.main) main();
