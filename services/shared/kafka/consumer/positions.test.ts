import { describe, expect, it } from 'vitest';
import { createPositions, diffAssignment } from './positions.ts';

const at = (...partitions: number[]) => partitions.map((partition) => ({ topic: 't', partition }));

describe('diffAssignment', () => {
  it('keeps partitions held in the previous generation or in the same one', () => {
    for (const next of [4, 5]) {
      const diff = diffAssignment(
        { generation: 4, partitions: at(0, 1, 2) },
        { generation: next, partitions: at(1, 2, 3) },
      );
      expect(diff).toEqual({ kept: at(1, 2), gained: at(3), lost: at(0) });
    }
  });

  it('keeps no partition after a missed generation: another member may have owned it', () => {
    const diff = diffAssignment(
      { generation: 4, partitions: at(0, 1) },
      { generation: 6, partitions: at(0, 1) },
    );
    expect(diff).toEqual({ kept: [], gained: at(0, 1), lost: at(0, 1) });
  });

  it('treats everything as gained at the first join', () => {
    const diff = diffAssignment({ generation: null, partitions: [] }, { generation: 1, partitions: at(0) });
    expect(diff).toEqual({ kept: [], gained: at(0), lost: [] });
  });
});

it('positions are unknown before they are set and after `forget`', () => {
  const positions = createPositions();
  expect(positions.get('t', 0)).toBeNull();
  positions.set('t', 0, 5n);
  expect(positions.get('t', 0)).toBe(5n);
  expect(positions.get('t', 1)).toBeNull();
  positions.forget('t', 0);
  expect(positions.get('t', 0)).toBeNull();
});
