/**
 * Failpoints: named places at which a test may make this process die, throw, wait or freeze. Only the
 * FAILPOINTS variable arms them, and never when NODE_ENV is production. An unarmed hit costs one comparison.
 *
 * The syntax is `name=action[:ms][@n][~word]`; commas separate several failpoints. Actions: kill (SIGKILL to
 * itself), throw, delay:MS, freeze (SIGSTOP to itself), block:MS (a busy event loop). With `@n`, a failpoint
 * acts once, at the n-th hit. Without it, the failpoint acts at each hit. `~word` counts only hits whose
 * description contains the word, for example an order id.
 */
import { appError } from '../errors/index.ts';

/** The crash points of the worker, in the order in which a batch reaches them. */
export const failpointNames = [
  'fetched',
  'decoded',
  'fenceSent',
  'fenced',
  'loaded',
  'decided',
  'writesSent',
  'written',
  'commitSent',
  'commitAcked',
  'publishSent',
  'publishAcked',
  'offsetSent',
  'offsetAcked',
] as const;
export type FailpointName = (typeof failpointNames)[number];

type Action = 'kill' | 'throw' | 'delay' | 'freeze' | 'block';
interface Armed {
  readonly action: Action;
  readonly ms: number;
  readonly atHit: number | null;
  readonly word: string | null;
  hits: number;
}

const armed = new Map<FailpointName, Armed>();
let announce: (line: string) => void = () => undefined;

const entryPattern = /^([A-Za-z]+)=(kill|throw|delay|freeze|block)(?::(\d+))?(?:@(\d+))?(?:~([\w-]+))?$/;

/**
 * Arms the failpoints of `spec`. Calls `log` before each action. Throws CONFIG_INVALID for an unknown name or
 * action, and for any spec in production.
 */
export function armFailpoints(
  spec: string,
  options: { production: boolean; log: (line: string) => void },
): void {
  armed.clear();
  announce = options.log;
  if (spec === '') return;
  const problems: string[] = options.production ? ['FAILPOINTS is set in production'] : [];
  for (const entry of spec.split(',')) {
    const match = entryPattern.exec(entry.trim());
    const name = match?.[1] as FailpointName | undefined;
    if (match === null || !failpointNames.includes(name as FailpointName)) {
      problems.push(`FAILPOINTS: '${entry}' is not name=action[:ms][@n][~word] with a known name`);
      continue;
    }
    armed.set(name!, {
      action: match[2] as Action,
      ms: Number(match[3] ?? 0),
      atHit: match[4] === undefined ? null : Number(match[4]),
      word: match[5] ?? null,
      hits: 0,
    });
  }
  if (problems.length > 0) throw appError('CONFIG_INVALID', { problems });
}

/**
 * Marks a failpoint. `about` describes the current work. Returns a promise only if the caller must wait, so the
 * hot path stays synchronous.
 */
export function failpoint(name: FailpointName, about?: () => string): Promise<void> | undefined {
  if (armed.size === 0) return undefined;
  const point = armed.get(name);
  if (point === undefined) return undefined;
  if (point.word !== null && about?.().includes(point.word) !== true) return undefined;
  point.hits += 1;
  if (point.atHit !== null && point.hits !== point.atHit) return undefined;
  announce(`failpoint ${name}: ${point.action} at hit ${point.hits}`);
  return act(name, point);
}

function act(name: FailpointName, { action, ms }: Armed): Promise<void> | undefined {
  switch (action) {
    case 'kill':
      process.kill(process.pid, 'SIGKILL');
      return new Promise(() => undefined);
    case 'freeze':
      process.kill(process.pid, 'SIGSTOP');
      return undefined;
    case 'throw':
      throw appError('INTERNAL', { reason: `failpoint ${name}` });
    case 'delay':
      return new Promise((resolve) => setTimeout(resolve, ms));
    case 'block': {
      const until = performance.now() + ms;
      while (performance.now() < until);
      return undefined;
    }
  }
}
