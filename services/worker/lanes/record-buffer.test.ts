import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { offsetsOf, recordAt } from '../testing/fakes.ts';
import { RecordBuffer, weightOf } from './record-buffer.ts';

function holding(...offsets: number[]): RecordBuffer {
  const buffer = new RecordBuffer();
  for (const offset of offsets) buffer.push(recordAt(offset));
  return buffer;
}

describe('the record buffer', () => {
  it('shows its head and leaves it in place', () => {
    const buffer = holding(3, 4, 5);
    expect(offsetsOf(buffer.peek(2, 1_000_000))).toEqual([3, 4]);
    expect(offsetsOf(buffer.peek(9, 1_000_000))).toEqual([3, 4, 5]);
    expect(buffer.firstOffset).toBe(3);
  });

  it('shows no more than fits, but always one', () => {
    const buffer = holding(0, 1, 2);
    const weight = weightOf(recordAt(0));
    expect(buffer.peek(9, 2 * weight)).toHaveLength(2);
    expect(buffer.peek(9, 2 * weight - 1)).toHaveLength(1);
    expect(buffer.peek(9, 1)).toHaveLength(1);
    expect(new RecordBuffer().peek(9, 1)).toEqual([]);
  });

  it('weighs key, value and headers, text ones too', () => {
    const empty = weightOf(recordAt(0, { value: null }));
    const full = recordAt(0, {
      key: Buffer.alloc(10),
      value: Buffer.alloc(100),
      headers: { name: Buffer.alloc(1_000), text: 'four', none: undefined },
    });
    expect(weightOf(full) - empty).toBe(10 + 100 + 1_000 + 4 + 'nametextnone'.length);
  });

  it('holds what a plain list would, through any pushes and drops', () => {
    const anyStep = fc.oneof(
      fc.record({ push: fc.integer({ min: 1, max: 900 }) }),
      fc.record({ drop: fc.nat({ max: 1_500 }) }),
    );
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 20 }), (steps) => {
        const buffer = new RecordBuffer();
        let model: number[] = [];
        let next = 0;
        for (const step of steps) {
          if ('push' in step) {
            for (const end = next + step.push; next < end; next += 1) {
              buffer.push(recordAt(next));
              model.push(next);
            }
          } else {
            const below = (model[0] ?? next) + step.drop;
            buffer.dropBelow(below);
            model = model.filter((offset) => offset >= below);
          }
          expect(offsetsOf(buffer.peek(10_000, Number.POSITIVE_INFINITY))).toEqual(model);
          expect(buffer.length).toBe(model.length);
          expect(buffer.bytes).toBe(model.length * weightOf(recordAt(0)));
          expect(buffer.firstOffset).toBe(model[0] ?? -1);
        }
      }),
      { numRuns: 30 },
    );
  });
});
