import { afterEach, describe, expect, it, vi } from 'vitest';
import { armFailpoints, failpoint } from './index.ts';

const lines: string[] = [];
const arm = (spec: string, production = false) => {
  lines.length = 0;
  armFailpoints(spec, { production, log: (line) => lines.push(line) });
};

afterEach(() => {
  arm('');
  vi.useRealTimers();
});

describe('failpoints', () => {
  it('do nothing when none is armed', () => {
    arm('');
    expect(failpoint('fenced')).toBeUndefined();
  });

  it('act at each hit, or once at the n-th', () => {
    arm('fenced=throw@2, decoded=throw');
    expect(failpoint('fenced')).toBeUndefined();
    expect(() => failpoint('fenced')).toThrow('failpoint fenced');
    expect(failpoint('fenced')).toBeUndefined();
    expect(() => failpoint('decoded')).toThrow();
    expect(() => failpoint('decoded')).toThrow();
    expect(failpoint('written')).toBeUndefined();
    expect(lines).toEqual([
      'failpoint fenced: throw at hit 2',
      'failpoint decoded: throw at hit 1',
      'failpoint decoded: throw at hit 2',
    ]);
  });

  it('count only hits whose `about` contains the word', () => {
    arm('decoded=throw@2~order-7');
    failpoint('decoded', () => 'order-7');
    failpoint('decoded', () => 'order-8');
    failpoint('decoded');
    expect(() => failpoint('decoded', () => 'order-6,order-7')).toThrow();
  });

  it('wait for the given time', async () => {
    vi.useFakeTimers();
    arm('loaded=delay:250');
    let over = false;
    void failpoint('loaded')?.then(() => {
      over = true;
    });
    await vi.advanceTimersByTimeAsync(249);
    expect(over).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(over).toBe(true);
  });

  it('keep the event loop busy', () => {
    arm('loaded=block:20');
    const startedMs = performance.now();
    expect(failpoint('loaded')).toBeUndefined();
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(20);
  });

  it('kill and freeze this very process', () => {
    const kill = vi.spyOn(process, 'kill').mockReturnValue(true);
    arm('written=kill,loaded=freeze');
    void failpoint('written');
    failpoint('loaded');
    expect(kill.mock.calls).toEqual([
      [process.pid, 'SIGKILL'],
      [process.pid, 'SIGSTOP'],
    ]);
    kill.mockRestore();
  });

  it.each([
    'nowhere=kill',
    'fenced=explode',
    'fenced',
    'fenced=kill@',
    'fenced=kill@x',
    'fenced=delay:-1',
    'fenced=kill,',
    'fenced = kill',
  ])('refuse %j, naming it', (spec) => {
    expect(() => arm(spec)).toThrow(/is not name=action/);
  });

  it('report every mistake at once, and are refused in production', () => {
    expect(() => arm('a=kill,b=kill')).toThrow(/'a=kill'.*\n.*'b=kill'/);
    expect(() => arm('fenced=kill', true)).toThrow('FAILPOINTS is set in production');
    expect(() => arm('', true)).not.toThrow();
  });
});
