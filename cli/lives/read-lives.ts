/** A file of lives: orders, what happens to each, and where it must end. */
import { readFile } from 'node:fs/promises';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { lineQuantityMax, orderLinesMax, orderRecordsMax } from '../../services/domain/index.ts';
import { usageError } from '../errors.ts';

const Amount = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER - 1 });
const PaidAmount = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER - 1 });
const closed = { additionalProperties: false };

const Units = Type.Integer({ minimum: 1, maximum: lineQuantityMax });

/** Some units of one line. `restock` of them can be sold again; by default all. */
const LineUnits = Type.Object(
  {
    line: Type.Integer({ minimum: 1, maximum: orderLinesMax }),
    quantity: Units,
    restock: Type.Optional(Type.Integer({ minimum: 0, maximum: lineQuantityMax })),
  },
  closed,
);

const stepNames = [
  ...(['pay', 'decline', 'fail', 'transfer', 'cancel', 'expire'] as const),
  ...(['ship', 'deliver', 'return', 'refund', 'close'] as const),
];

const Step = Type.Object(
  {
    do: Type.Union(stepNames.map((name) => Type.Literal(name))),
    /** Minor units; the total of the order by default. */
    amount: Type.Optional(PaidAmount),
    /** Captures that the provider makes of one payment. */
    times: Type.Optional(Type.Integer({ minimum: 1, maximum: 5 })),
    /** What is shipped, returned or refunded; everything by default. */
    lines: Type.Optional(Type.Array(LineUnits, { minItems: 1 })),
    /** The parcel that is delivered; all by default. */
    shipment: Type.Optional(Type.Integer({ minimum: 1, maximum: orderRecordsMax })),
    /** The shipping is refunded too. */
    shipping: Type.Optional(Type.Boolean()),
    /** The version of the order after the step, with all refunds that the step causes. */
    version: Type.Integer({ minimum: 2 }),
  },
  closed,
);

const Life = Type.Object(
  {
    name: Type.String({ minLength: 1 }),
    customerId: Type.String({ minLength: 1 }),
    idempotencyKey: Type.String({ minLength: 1 }),
    order: Type.Record(Type.String(), Type.Unknown()),
    steps: Type.Array(Step),
    expected: Type.Object(
      {
        status: Type.String(),
        /** Of a rejected order. */
        reason: Type.Optional(Type.String()),
        /** Minor units, like the next two. */
        total: Amount,
        received: Amount,
        refunded: Amount,
      },
      closed,
    ),
  },
  closed,
);

const Sums = Type.Object({ placed: Amount, paid: Amount, refunded: Amount, kept: Amount }, closed);

const UnitSums = Type.Object(
  { ordered: Amount, cancelled: Amount, shipped: Amount, returned: Amount, restocked: Amount },
  closed,
);

const LivesFile = Type.Object(
  {
    lives: Type.Array(Life, { minItems: 1 }),
    money: Type.Record(Type.String(), Sums),
    units: UnitSums,
  },
  closed,
);

export type Step = Type.Static<typeof Step>;
export type Life = Type.Static<typeof Life>;
/** Minor units: totals of accepted orders, captured payments, paid refunds, and payments without refunds. */
export type Sums = Type.Static<typeof Sums>;
/** Units of the lines of all accepted orders. */
export type UnitSums = Type.Static<typeof UnitSums>;
export type LivesFile = Type.Static<typeof LivesFile>;

const checker = Compile(LivesFile);

/** Reads the file. @throws CliError (exit code 2) that lists every fault. */
export async function readLives(file: string): Promise<LivesFile> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw usageError(`cannot read ${file}: ${error instanceof Error ? error.message : error}`);
  }
  if (checker.Check(value)) return value;
  const faults = checker
    .Errors(value)
    .map(({ instancePath, message }) => `${instancePath || '/'} ${message}`);
  throw usageError(`${file} is no file of lives`, faults);
}
