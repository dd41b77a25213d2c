import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogOutput, type LogOutput } from './output.ts';

const line = `${'x'.repeat(999)}\n`;
const bufferBytesMax = 20_000;

let folder: string;
let reader: number;
let output: LogOutput;
let drops: number[];

/** A named pipe whose reader reads only when the test does. */
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'log-output-'));
  const pipe = path.join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(pipe, constants.O_WRONLY);
  drops = [];
  output = createLogOutput({ fd: writer, bufferBytesMax, onDropped: (lines) => drops.push(lines) });
  closeSync(writer);
});

afterEach(() => {
  output.close();
  rmSync(folder, { recursive: true });
});

function readAll(): string {
  const chunk = Buffer.alloc(65_536);
  let text = '';
  for (;;) {
    try {
      const bytes = readSync(reader, chunk);
      if (bytes === 0) return text;
      text += chunk.toString('utf8', 0, bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return text;
      throw error;
    }
  }
}

describe('the output of the log', () => {
  it('writes a line before it returns', () => {
    output.write('one\n');
    expect(readAll()).toBe('one\n');
  });

  it('never waits for a stalled reader: it buffers up to its limit, then drops and counts lines', () => {
    for (let n = 0; n < 1_000; n++) output.write(line);
    expect(output.dropped()).toBeGreaterThan(800);
    expect(drops.reduce((sum, lines) => sum + lines, 0)).toBe(output.dropped());
    const [kept] = [readAll().length / line.length];
    output.flush(1_000);
    expect(kept * line.length + readAll().length).toBeGreaterThanOrEqual(
      (1_000 - output.dropped()) * line.length,
    );
  });

  it('continues with whole lines once the reader reads again, and reports how many are missing', async () => {
    for (let n = 0; n < 1_000; n++) output.write(line);
    const dropped = output.dropped();
    let text = '';
    await vi.waitFor(() => {
      text += readAll();
      expect(text).toContain('"dropped"');
    }, 5_000);
    const lines = text.trimEnd().split('\n');
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ level: 'warn', dropped });
    expect(lines.slice(0, -1).every((each) => `${each}\n` === line)).toBe(true);
    expect(lines.length - 1 + dropped).toBe(1_000);
    output.write('after\n');
    expect(readAll()).toBe('after\n');
  });

  it('drops lines without an error after its reader has gone', async () => {
    closeSync(reader);
    output.write('to nobody\n');
    expect(output.dropped()).toBe(1);
    output.write('again\n');
    output.flush(50);
    expect(output.dropped()).toBe(2);
  });

  it('waits no longer than its limit when the process ends', () => {
    for (let n = 0; n < 200; n++) output.write(line);
    const startedMs = performance.now();
    output.flush(50);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });
});

describe('a process whose log has no reader', () => {
  it.each([
    ['a socket of its parent', ''],
    ['a pipe of a shell', ' | (read first; exec sleep 30)'],
  ])(
    'continues to work, and ends in time, when its output is %s',
    async (_what, reader) => {
      const done = path.join(folder, 'done');
      const program = `
      import { writeFileSync } from 'node:fs';
      import { createLogger } from ${JSON.stringify(path.join(import.meta.dirname, 'index.ts'))};
      const log = createLogger({ service: 'test', level: 'info', instanceId: 'test' });
      for (let n = 0; n < 5_000; n++) log.info({ n }, ${JSON.stringify(line.trimEnd())});
      writeFileSync(${JSON.stringify(done)}, 'worked\\n');
    `;
      const file = path.join(folder, 'program.ts');
      writeFileSync(file, program);
      const command = `"${process.execPath}" "${file}" && echo ended >> "${done}"`;
      const child = spawn('sh', ['-c', reader === '' ? command : `(${command})${reader}`], {
        stdio: ['ignore', 'pipe', 'inherit'],
        detached: true,
      });
      try {
        await vi.waitFor(() => expect(readFileSync(done, 'utf8')).toBe('worked\nended\n'), 20_000);
      } finally {
        // A process that has ended has no process group any more.
        if (child.exitCode === null) process.kill(-child.pid!, 'SIGKILL');
      }
    },
    30_000,
  );
});
