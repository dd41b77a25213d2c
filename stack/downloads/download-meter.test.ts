import { expect, test } from 'vitest';
import { createDownloadMeter } from './download-meter.ts';

test("adds up the sizes in Maven's lines", () => {
  const meter = createDownloadMeter({ label: 'Kafka', megabytes: 44, landsIn: null });
  meter.read('[INFO] Downloading from somewhere: https://host.example/a.jar');
  meter.read('[INFO] Downloaded from somewhere: https://host.example/a.jar (9.4 MB at 3.1 MB/s)');
  meter.read('Downloaded from somewhere: https://host.example/b.jar (600 kB at 3.1 MB/s)');
  expect(meter.progress()).toMatch(/^Kafka: 10 of about 44 MB after \d+ s$/);
});
