import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { licenceFaults, licenceOf } from './licences.ts';
import { productionPackages } from './lockfile.ts';
import { makeSbom, sbomFaults } from './sbom.ts';

const root = path.resolve(import.meta.dirname, '../..');
const packages = productionPackages(root);
/** SHA-256 of the complete text with its appendix, as the package `long` has it. */
const apacheText = 'cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30';
const example = { name: 'a', version: '1.0.0', integrity: 'sha512-AAAA', folder: 'node_modules/a' };

describe('the bill of materials', () => {
  const sbom = makeSbom(root);

  it('lists exactly the production packages of the lockfile, each with hash and licence', () => {
    expect(sbom.components.length).toBeGreaterThan(50);
    expect(sbomFaults(sbom, packages)).toEqual([]);
  });

  it('names the product and its version', () => {
    const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
      version: string;
    };
    expect(sbom).toMatchObject({
      bomFormat: 'CycloneDX',
      metadata: { component: { name: 'orderstream', version, type: 'application' } },
    });
  });

  it('names no package of development in its relations', () => {
    const known = new Set([sbom.metadata.component, ...sbom.components].map((one) => one['bom-ref']));
    const named = sbom.dependencies.flatMap(({ ref, dependsOn }) => [ref, ...dependsOn]);
    expect(named.filter((ref) => !known.has(ref))).toEqual([]);
  });

  it('is not accepted with a package too few, too many, or changed', () => {
    const [first, ...others] = packages;
    expect(sbomFaults(sbom, others)).toContain(`${first!.name}@${first!.version} is not in the lockfile`);
    expect(sbomFaults(sbom, [...packages, { ...example, license: 'MIT' }])).toEqual([
      'a@1.0.0 is not in the list',
    ]);
    expect(sbomFaults(sbom, [{ ...first!, integrity: 'sha512-AAAA' }, ...others])).toEqual([
      `${first!.name}@${first!.version} has another hash`,
    ]);
  });
});

describe('the licence of the product', () => {
  const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

  it('is the complete text of Apache-2.0', () => {
    const text = read('LICENSE');
    expect(createHash('sha256').update(text).digest('hex')).toBe(apacheText);
  });

  it.each([
    ['package.json', () => JSON.parse(read('package.json')).license],
    ['the lockfile', () => JSON.parse(read('package-lock.json')).packages[''].license],
    [
      'the OpenAPI document',
      () => JSON.parse(read('services/ingestion/openapi.json')).info.license.identifier,
    ],
    ['the AsyncAPI document', () => JSON.parse(read('docs/topics/asyncapi.json')).info.license.name],
    ['the image', () => /image\.licenses="([^"]*)"/.exec(read('docker/Dockerfile'))?.[1]],
  ])('is named in %s', (_where, licence) => {
    expect(licence()).toBe('Apache-2.0');
  });
});

describe('licences', () => {
  it('of all production packages are allowed', () => {
    expect(licenceFaults(packages)).toEqual([]);
  });

  it.each(['GPL-3.0-only', 'MIT AND GPL-2.0-only', '(MIT OR ISC) AND (GPL-2.0-only)', undefined])(
    'refuse %s',
    (license) => {
      expect(licenceFaults([{ ...example, license }])).toHaveLength(1);
    },
  );

  it.each(['(GPL-2.0-only OR MIT)', '(Apache-2.0 AND BSD-3-Clause)'])('accept %s', (license) => {
    expect(licenceFaults([{ ...example, license }])).toEqual([]);
  });

  it('that were read by hand are those of the licence file', () => {
    const unnamed = packages.filter(({ license }) => license === undefined);
    for (const one of unnamed) {
      const text = readFileSync(path.join(root, one.folder, 'LICENSE'), 'utf8');
      expect(text).toMatch(new RegExp(`^${licenceOf(one)} License`));
    }
  });
});
