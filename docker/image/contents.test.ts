import { statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { imageFiles, programs } from './contents.ts';
import { reachableModules } from './modules.ts';

const root = path.resolve(import.meta.dirname, '../..');
const bytesMax = 60_000_000;
const product = imageFiles(root, 'product');
const trial = imageFiles(root, 'trial');

describe('the product image', () => {
  it('has at most 60 MB', () => {
    const bytes = product.reduce((sum, file) => sum + statSync(path.join(root, file)).size, 0);
    expect(bytes).toBeGreaterThan(5_000_000);
    expect(bytes).toBeLessThanOrEqual(bytesMax);
  });

  it('has each service and the command line', () => {
    expect(programs(root).length).toBeGreaterThan(7);
    expect(product).toEqual(expect.arrayContaining(programs(root)));
  });

  it('has the module that switches traces on, and its packages', () => {
    expect(product).toContain('services/shared/trace/register.ts');
    expect(product).toContain('node_modules/@opentelemetry/sdk-trace/dist/index.mjs');
  });

  it('has both directions of each migration', () => {
    const up = product.filter((file) => file.endsWith('.up.sql'));
    expect(up.length).toBeGreaterThan(10);
    expect(product).toEqual(expect.arrayContaining(up.map((file) => file.replace('.up.', '.down.'))));
  });

  it.each([
    ['tests', /(?:^|\/)(?:tests?|__tests__|testing)\/|(?:^|\/)tests?\.[cm]?js$|\.(?:test|spec)\.[cm]?[jt]s$/],
    ['servers and fakes', /^stack\/|fake|mail-sink/],
    ['samples and documents', /^(?:samples|docs|loadtest|scripts|k8s|ops|docker)\/|README/i],
    ['types and maps', /\.d\.[cm]?ts$|\.map$/],
    ['code for one platform', /\.(?:node|so|dylib|dll|exe)$/],
    ['npm', /^node_modules\/(?:npm|node|typescript)\//],
  ])('has no %s', (_what, pattern) => {
    expect(product.filter((file) => pattern.test(file))).toEqual([]);
  });

  it('has the licence of the product', () => {
    expect(product).toContain('LICENSE');
  });

  it('has the licence of each package whose installed form has one', () => {
    const licences = product.filter((file) => /licen[cs]e/i.test(file));
    expect(licences.length).toBeGreaterThan(80);
  });
});

it('the trial image adds the payment provider and nothing else of the stack', () => {
  const added = trial.filter((file) => !product.includes(file));
  expect(added).toContain('stack/payment-provider/main.ts');
  expect(added.filter((file) => !file.startsWith('stack/payment-provider/'))).toEqual([]);
});

describe('reachable modules', () => {
  it('follow static, bare and dynamic imports, and JSON', () => {
    const files = reachableModules(root, ['cli/main.ts'], ['stack']);
    expect(files).toEqual(expect.arrayContaining(['cli/errors.ts', 'cli/commands/operate/lag.ts']));
    expect(reachableModules(root, ['services/worker/main.ts'])).toContain('package.json');
  });

  it('do not follow imports of types', () => {
    expect(reachableModules(root, ['scripts/release/licences.ts'])).toEqual(['scripts/release/licences.ts']);
  });

  it('fail at an import that leads to no file', () => {
    expect(() => reachableModules(root, ['cli/none.ts'])).toThrow(
      'cli/none.ts is imported but does not exist',
    );
  });
});
