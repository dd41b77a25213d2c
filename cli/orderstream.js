#!/usr/bin/env node
/** Lets `npx orderstream` run on the project's own Node, whatever Node the machine has. Plain JavaScript for that reason. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const NODE_MAJOR_MIN = 24;
const main = path.join(import.meta.dirname, 'main.ts');

if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN) {
  // The next command starts in half of the time, because it finds the compiled code.
  module.enableCompileCache();
  // As a URL: in a path, # and % would be read as parts of one.
  await import(pathToFileURL(main).href);
} else {
  const own = path.join(import.meta.dirname, '..', 'node_modules', '.bin', 'node');
  if (!existsSync(own)) {
    console.error('The dependencies are not installed yet: run "npm ci" (or "npm start") first.');
    process.exit(1);
  }
  const child = spawn(own, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => child.kill(name));
  child.once('exit', (code) => process.exit(code ?? 1));
}
