import { Command, InvalidArgumentError } from 'commander';
import type { Connection } from 'mysql2/promise';
import { stockDeltaMax } from '../../../services/domain/index.ts';
import { positiveNumber, skuText } from '../../arguments.ts';
import { reasonText, withChangeOptions } from '../../changes/options.ts';
import { withDatabase } from '../../database.ts';
import { CliError } from '../../errors.ts';
import { count, print, printJson } from '../../output.ts';
import { DEFAULT_INSTANCE, findServers } from '../../servers.ts';
import { type AdjustOptions, adjustStock } from '../../stock/adjust.ts';
import { historyText, levelText } from '../../stock/format.ts';
import { readAdjustments, readLevel, type StockLevel } from '../../stock/read-stock.ts';

const listedDefault = 50;

/** `orderstream stock add|remove|show|history`: the stock of a SKU, and its changes by operators. */
export function stockCommand(): Command {
  return new Command('stock')
    .description('add units to the stock of a SKU, remove them, show the level and its adjustments')
    .addCommand(adjustCommand('add', 'add units that arrived in the warehouse', 1))
    .addCommand(adjustCommand('remove', 'remove units; the level never goes below 0', -1))
    .addCommand(showCommand())
    .addCommand(historyCommand());
}

function adjustCommand(name: string, description: string, sign: 1 | -1): Command {
  const command = new Command(name)
    .description(description)
    .argument('<sku>', 'stock keeping unit', skuText)
    .argument('<units>', 'number of units', units)
    .option('--reason <text>', 'why; it is stored with the adjustment', reasonText);
  return withChangeOptions(command).action((sku: string, delta: number, options: AdjustOptions) =>
    adjustStock(sku, sign * delta, options),
  );
}

interface ReadOptions {
  readonly name: string;
  readonly limit: number;
  readonly json?: boolean;
}

function showCommand(): Command {
  return withReadOptions(new Command('show'))
    .description('print the units that are available, committed to orders, and on hand')
    .action(async (sku: string, { name, json }: ReadOptions) => {
      const level = await reading(name, (db) => levelOf(db, sku));
      if (json === true) printJson(level);
      else print(levelText(level));
    });
}

function historyCommand(): Command {
  return withReadOptions(new Command('history'))
    .description('print the adjustments of a SKU, newest first')
    .option('--limit <count>', 'maximum number of adjustments', positiveNumber, listedDefault)
    .action(async (sku: string, { name, limit, json }: ReadOptions) => {
      const rows = await reading(name, async (db) => {
        await levelOf(db, sku);
        return readAdjustments(db, sku, limit);
      });
      if (json === true) printJson(rows);
      else print(historyText(rows));
    });
}

function withReadOptions(command: Command): Command {
  return command
    .argument('<sku>', 'stock keeping unit', skuText)
    .option('--json', 'print JSON')
    .option('--name <instance>', 'local instance', DEFAULT_INSTANCE);
}

async function reading<T>(name: string, read: (db: Connection) => Promise<T>): Promise<T> {
  const { mysqlUrl } = await findServers(name, process.env, ['mysql']);
  return withDatabase(mysqlUrl, read);
}

/** The stock of the SKU. @throws CliError if it has none */
async function levelOf(db: Connection, sku: string): Promise<StockLevel> {
  const level = await readLevel(db, sku);
  if (level === null) throw new CliError(`there is no stock of ${sku}`);
  return level;
}

function units(text: string): number {
  const value = positiveNumber(text);
  if (value > stockDeltaMax)
    throw new InvalidArgumentError(`expected at most ${count(stockDeltaMax)} units.`);
  return value;
}
