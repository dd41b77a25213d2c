/** Flags switch a part of the product off while it runs. Each has an owner and a date on which it must be reviewed. */
import { bool, type Field, type LiveField, live } from './fields.ts';

export interface Flag {
  /** The team that decides about the flag. */
  readonly owner: string;
  /** ISO date. From this day on, a process that starts with this flag logs a warning. */
  readonly expires: string;
  /** What clients see while the flag is off. */
  readonly whenOff: string;
}

export const flagTable = {
  intake: {
    owner: 'orders',
    expires: '2027-11-30',
    whenOff:
      'New orders get 503 `INTAKE_OFF` with `Retry-After`. A request that was accepted before gets it too, and can be sent again later. Reads, cancels, payments and the work of operators go on.',
  },
  batch: {
    owner: 'orders',
    expires: '2027-11-30',
    whenOff: 'Batches of orders get 503 `BATCH_OFF` with `Retry-After`. Single orders go on.',
  },
  waits: {
    owner: 'orders',
    expires: '2027-11-30',
    whenOff: '`Prefer: wait` is ignored. The answer comes at once, without `Preference-Applied`.',
  },
  streams: {
    owner: 'orders',
    expires: '2027-11-30',
    whenOff:
      'New streams of an order get 503 `STREAMS_OFF` with `Retry-After`. Open streams go on until they end.',
  },
  quotes: {
    owner: 'prices',
    expires: '2027-11-30',
    whenOff: 'Quotes get 503 `QUOTES_OFF` with `Retry-After`. Orders go on.',
  },
  webhooks: {
    owner: 'notifications',
    expires: '2027-11-30',
    whenOff:
      'No webhook is posted. Deliveries wait in their table, and are posted after the flag is on again.',
  },
  mail: {
    owner: 'notifications',
    expires: '2027-11-30',
    whenOff: 'No e-mail is sent. E-mails wait in their table, and are sent after the flag is on again.',
  },
} as const satisfies Record<string, Flag>;

export type FlagName = keyof typeof flagTable;

export const flagNames = Object.keys(flagTable) as FlagName[];

const prefix = 'FLAG_';

/** The setting of a flag. Flags are on by default. */
export function flag(name: FlagName): LiveField<boolean> {
  return live(
    bool(flagVariable(name), { default: true, help: `Flag \`${name}\`. Off: ${flagTable[name].whenOff}` }),
  );
}

/** The variable of a flag, such as FLAG_INTAKE. */
export function flagVariable(name: FlagName): string {
  return `${prefix}${name.toUpperCase()}`;
}

/** The flags among these settings whose date has come, with owner and date. */
export function expiredFlags(
  fields: Readonly<Record<string, Pick<Field<unknown>, 'env'>>>,
  nowMs: number,
): { flag: FlagName; owner: string; expires: string }[] {
  const variables = new Set(Object.values(fields).map(({ env }) => env));
  return flagNames
    .filter((name) => variables.has(flagVariable(name)) && Date.parse(flagTable[name].expires) <= nowMs)
    .map((name) => ({ flag: name, owner: flagTable[name].owner, expires: flagTable[name].expires }));
}
