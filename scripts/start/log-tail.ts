import { existsSync, readFileSync } from 'node:fs';

const LINES_MAX = 3;
const WARN_LEVEL = 40;

/**
 * Returns the last warnings and errors of a service's log, or its last lines if there are none. They show why
 * the service does not become ready.
 */
export function logTail(file: string): string[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const bad = lines.map(problemIn).filter((line) => line !== null);
  return (bad.length > 0 ? bad : lines).slice(-LINES_MAX);
}

function problemIn(line: string): string | null {
  try {
    const { level, msg, err } = JSON.parse(line) as {
      level?: number | string;
      msg?: string;
      err?: { message?: string };
    };
    const isBad = typeof level === 'number' ? level >= WARN_LEVEL : /warn|error|fatal/.test(level ?? '');
    return isBad ? [msg, err?.message].filter(Boolean).join(': ') : null;
  } catch {
    // The line is not JSON. Node prints such text if a program does not start.
    return /Error/.test(line) ? line : null;
  }
}
