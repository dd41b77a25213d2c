import { describe, expect, it } from 'vitest';
import type { Param } from '../mysql/index.ts';
import { type Actor, type AuditEntry, recordAudit } from './index.ts';

const operator: Actor = { kind: 'OPERATOR', name: 'alice', origin: 'host-1' };

async function written(entries: readonly AuditEntry[], actor = operator) {
  const statements: { sql: string; params: readonly Param[] }[] = [];
  await recordAudit(
    {
      write: async (sql, params) => void statements.push({ sql, params }),
    },
    actor,
    entries,
    7,
  );
  return statements;
}

describe('recordAudit', () => {
  it('writes actor, action, time, origin, subject, details and trace', async () => {
    const traceId = 'a'.repeat(32);
    const [statement] = await written(
      [{ action: 'endpoint.created', subjectId: 'we_1', details: { url: 'https://a/' } }],
      { kind: 'CUSTOMER', name: 'c1', origin: 'ingestion-1', traceId },
    );
    expect(statement?.params).toEqual([
      7,
      'CUSTOMER',
      'c1',
      'ingestion-1',
      'endpoint.created',
      'endpoint:we_1',
      '{"url":"https://a/"}',
      traceId,
    ]);
  });

  it('puts many entries into few statements, and sends no statement without entries', async () => {
    const entries = Array.from({ length: 1_001 }, (_, n) => ({
      action: 'product.added' as const,
      subjectId: `P${n}`,
    }));
    expect((await written(entries)).map(({ params }) => params.length / 8)).toEqual([500, 500, 1]);
    expect(await written([])).toEqual([]);
  });

  it('drops the members that are too long and marks the details as cut', async () => {
    const details = { reason: 'x'.repeat(9_000), kept: 1 };
    const [statement] = await written([{ action: 'finding.resolved', subjectId: '1', details }]);
    expect(statement?.params[6]).toBe('{"cut":true,"kept":1}');
  });

  it('refuses a subject that the column cannot hold', async () => {
    for (const subjectId of ['é', 'x'.repeat(160), 'a\nb'])
      await expect(written([{ action: 'finding.resolved', subjectId }])).rejects.toMatchObject({
        code: 'INTERNAL',
      });
  });
});
