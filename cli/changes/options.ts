/** Options of the commands that change one order, and the forms of their values. */
import { type Command, InvalidArgumentError } from 'commander';
import { isOneLine, lineQuantityMax, orderLinesMax, orderRecordsMax } from '../../services/domain/index.ts';
import { positiveNumber, seconds } from '../arguments.ts';
import { DEFAULT_INSTANCE } from '../servers.ts';

export interface ChangeOptions {
  readonly name: string;
  readonly key?: string;
  /** Seconds; false with `--no-wait`. */
  readonly wait: number | false;
  readonly json?: boolean;
}

export interface LineUnits {
  readonly line: number;
  readonly quantity: number;
}

export interface ReturnedUnits extends LineUnits {
  /** Units that can be sold again. */
  readonly restock: number;
}

const waitSeconds = 30;
const nameLengthMax = 128;
/** As in the API. */
const reasonLengthMax = 200;

/** Adds the options that every change has. */
export function withChangeOptions(command: Command): Command {
  return command
    .option('--key <key>', 'with the same key the change is applied once, however often you send it', key)
    .option(
      '--wait <time>',
      'how long to wait for the outcome: seconds, or a time such as 2m',
      seconds,
      waitSeconds,
    )
    .option('--no-wait', 'append the command and do not wait for its outcome')
    .option('--json', 'print JSON')
    .option('--name <instance>', 'local instance', DEFAULT_INSTANCE);
}

/** One `--line LINE:QUANTITY`, added to those before. */
export function lineUnits(text: string, before: readonly LineUnits[] = []): LineUnits[] {
  const match = /^(\d{1,9}):(\d{1,9})$/.exec(text);
  if (match === null) throw new InvalidArgumentError('expected LINE:QUANTITY such as 1:2.');
  return withLine(before, { line: Number(match[1]), quantity: Number(match[2]) });
}

/** One `--line LINE:QUANTITY:RESTOCK`, added to those before. Without RESTOCK all units can be sold again. */
export function returnedUnits(text: string, before: readonly ReturnedUnits[] = []): ReturnedUnits[] {
  const match = /^(\d{1,9}):(\d{1,9})(?::(\d{1,9}))?$/.exec(text);
  if (match === null) throw new InvalidArgumentError('expected LINE:QUANTITY:RESTOCK such as 1:2:1.');
  const quantity = Number(match[2]);
  const restock = match[3] === undefined ? quantity : Number(match[3]);
  if (restock > quantity) {
    throw new InvalidArgumentError(`of ${quantity} units that come back, ${restock} cannot be sold again.`);
  }
  return withLine(before, { line: Number(match[1]), quantity, restock });
}

/** The number of a parcel. An order has a limited number of them. */
export function shipmentNumber(text: string): number {
  const value = positiveNumber(text);
  if (value > orderRecordsMax)
    throw new InvalidArgumentError(`expected a number from 1 to ${orderRecordsMax}.`);
  return value;
}

/** The name of a carrier, or a tracking number. */
export function shortName(text: string): string {
  return oneLine(text, nameLengthMax);
}

/** A free text that says why. */
export function reasonText(text: string): string {
  return oneLine(text, reasonLengthMax);
}

function withLine<Units extends LineUnits>(before: readonly Units[], units: Units): Units[] {
  const { line, quantity } = units;
  if (line < 1 || line > orderLinesMax)
    throw new InvalidArgumentError(`a line is a number from 1 to ${orderLinesMax}.`);
  if (quantity < 1 || quantity > lineQuantityMax)
    throw new InvalidArgumentError(`a quantity is a number from 1 to ${lineQuantityMax}.`);
  if (before.some((other) => other.line === line))
    throw new InvalidArgumentError(`line ${line} is named twice.`);
  return [...before, units];
}

function oneLine(text: string, lengthMax: number): string {
  if (text.length < 1 || text.length > lengthMax || !isOneLine(text))
    throw new InvalidArgumentError(`expected one line of 1 to ${lengthMax} characters.`);
  return text;
}

function key(text: string): string {
  if (!/^[!-~]{1,255}$/.test(text))
    throw new InvalidArgumentError('expected 1 to 255 visible ASCII characters.');
  return text;
}
