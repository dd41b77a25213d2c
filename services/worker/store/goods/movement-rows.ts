/** Writes the history of stock adjustments. */
import type { StockMovement } from '../../../domain/index.ts';
import type { StatementBuffer } from '../../../shared/mysql/index.ts';

/** Writes the insert of one row per adjustment: the level after it, who made it and why. */
export function layOutMovements(
  buffer: StatementBuffer,
  movements: readonly StockMovement[],
  nowMs: number,
): void {
  const columns = 'sku,source_partition,source_offset,delta,available,actor,reason,command_id,at_ms';
  buffer.insert('stock_movements', columns, movements, ({ sku, delta, available, command, source }) => {
    buffer.row();
    buffer.text(sku);
    buffer.sql(`,${source.partition},${source.offset},${delta},${available},`);
    buffer.text(command.actor);
    buffer.comma();
    buffer.text(command.payload.reason);
    buffer.comma();
    buffer.text(command.commandId);
    buffer.sql(`,${nowMs}`);
  });
}
