/**
 * Writes the TypeScript of `schemas/proto` into `grpc/generated`. With `--check` it only reports whether the files are
 * up to date. Node strips their types, so they have only erasable syntax.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bringUpToDate } from '../../../schemas/tools/generated-files.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const target = 'services/ingestion/grpc/generated';
const template = {
  version: 'v2',
  plugins: [
    {
      local: 'protoc-gen-es',
      out: '.',
      opt: ['target=ts', 'import_extension=ts', 'erasable_syntax=true'],
    },
  ],
};

process.exitCode = bringUpToDate(generate(), { check: process.argv.includes('--check') });

/** Path in the repository → text. */
function generate(): Map<string, string> {
  const out = mkdtempSync(join(tmpdir(), 'orderstream-proto-'));
  try {
    const bin = join(root, 'node_modules', '.bin');
    execFileSync(
      join(bin, 'buf'),
      ['generate', join(root, 'schemas', 'proto'), '--template', JSON.stringify(template), '--output', out],
      { env: { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` }, stdio: 'inherit' },
    );
    const files = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    );
    return new Map(files.map((file) => [`${target}/${file}`, readFileSync(join(out, file), 'utf8')]));
  } finally {
    rmSync(out, { recursive: true });
  }
}
