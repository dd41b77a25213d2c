import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const dir = mkdtempSync(path.join(tmpdir(), 'lost-output-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test('a test tool continues to its end without output, and exits with 1', async () => {
  const tool = path.join(dir, 'tool.mjs');
  const module = pathToFileURL(path.resolve(import.meta.dirname, 'lost-output.ts')).href;
  writeFileSync(
    tool,
    `import { goOnWithoutOutput } from '${module}';
     goOnWithoutOutput();
     for (let n = 0; n < 3; n += 1) {
       console.log('a line');
       await new Promise((done) => setTimeout(done, 1));
     }
     console.error('cleaned up');
     process.exitCode = 0;`,
  );
  const child = spawn(process.execPath, [tool], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.on('data', (chunk) => (stderr += chunk));
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: 'the output was closed before all of it was written; the rest runs without it\ncleaned up\n',
  });
});
