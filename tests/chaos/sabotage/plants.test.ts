import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { plants } from './plants.ts';

test.each(plants)('the plant "$bug" matches one piece of code in its file, and its tests exist', (plant) => {
  expect(readFileSync(plant.file, 'utf8').split(plant.good)).toHaveLength(2);
  expect(plant.tests.filter((file) => !existsSync(file))).toEqual([]);
});
