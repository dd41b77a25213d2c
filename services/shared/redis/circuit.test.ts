import { describe, expect, it } from 'vitest';
import { createCircuit } from './circuit.ts';

function setUp() {
  let nowMs = 0;
  const changes: string[] = [];
  const circuit = createCircuit({
    failuresMax: 3,
    openForMs: 1000,
    clock: { nowMs: () => 0, monotonicMs: () => nowMs },
    onChange: (state) => changes.push(state),
  });
  const fail = (times: number) => {
    for (let i = 0; i < times; i++) circuit.failed();
  };
  return { circuit, changes, fail, pass: (ms: number) => (nowMs += ms) };
}

describe('circuit', () => {
  it('opens after failures in a row only', () => {
    const { circuit, fail } = setUp();
    fail(2);
    circuit.succeeded();
    fail(2);
    expect(circuit.admits()).toBe(true);
    fail(1);
    expect(circuit.admits()).toBe(false);
    expect(circuit.state()).toBe('open');
  });

  it('allows one trial after its time, and closes if it succeeds', () => {
    const { circuit, changes, fail, pass } = setUp();
    fail(3);
    pass(1000);
    expect([circuit.admits(), circuit.admits()]).toEqual([true, false]);
    circuit.succeeded();
    expect(circuit.admits()).toBe(true);
    expect(changes).toEqual(['open', 'closed']);
  });

  it('opens again if the trial fails, and reports it once', () => {
    const { circuit, changes, fail, pass } = setUp();
    fail(3);
    pass(1000);
    circuit.admits();
    fail(1);
    pass(999);
    expect(circuit.admits()).toBe(false);
    pass(1);
    expect(circuit.admits()).toBe(true);
    expect(changes).toEqual(['open']);
  });

  it('does not wait for ever for the result of a trial', () => {
    const { circuit, fail, pass } = setUp();
    fail(3);
    pass(1000);
    circuit.admits();
    pass(1000);
    expect(circuit.admits()).toBe(true);
  });
});
