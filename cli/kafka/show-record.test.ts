import { expect, it } from 'vitest';
import { bundledCodecs } from '../../services/shared/codec/index.ts';
import { decoderOf } from './decoder.ts';
import { showRecord } from './show-record.ts';

const decoder = decoderOf(bundledCodecs({ commandsId: 1, eventsId: 2 }));
const record = { topic: 't', partition: 0, offset: 1, key: null, value: null, headers: {} };

it.each([
  [0, '1970-01-01T00:00:00.000Z'],
  [2 ** 62, '4611686018427388000'],
  [-(2 ** 62), '-4611686018427388000'],
])('shows a record whose timestamp is %d', async (timestampMs, time) => {
  expect((await showRecord({ ...record, timestampMs }, decoder)).time).toBe(time);
});
