/**
 * `node docker/image/copy.ts TARGET FOLDER` copies the files of an image into a folder. The Dockerfile runs it where
 * only the production packages are installed.
 */
import { cpSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { imageFiles, type Target } from './contents.ts';

const root = path.resolve(import.meta.dirname, '../..');
const [target, folder] = process.argv.slice(2);

if ((target !== 'product' && target !== 'trial') || folder === undefined) {
  console.error('usage: node docker/image/copy.ts product|trial FOLDER');
  process.exit(2);
}
const { files, bytes } = copyImage(target, folder);
console.log(`${files} files, ${(bytes / 1_000_000).toFixed(1)} MB`);

function copyImage(name: Target, to: string): { files: number; bytes: number } {
  const all = imageFiles(root, name);
  let total = 0;
  for (const file of all) {
    const target = path.join(to, file);
    mkdirSync(path.dirname(target), { recursive: true });
    cpSync(path.join(root, file), target);
    total += statSync(target).size;
  }
  return { files: all.length, bytes: total };
}
