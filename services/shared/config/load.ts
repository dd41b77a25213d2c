import { appError, errorMessage } from '../errors/index.ts';
import type { Field } from './fields.ts';
import { rawOf } from './secret-files.ts';
import { withoutPassword } from './urls.ts';

export type Env = Readonly<Record<string, string | undefined>>;
export type Fields = Readonly<Record<string, Field<unknown>>>;
/** The config object that a set of fields produces. */
export type ConfigOf<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

/** The settings that a process reads once, at its start. */
export type StaticOf<F extends Fields> = {
  readonly [K in keyof F as F[K] extends { live: true } ? never : K]: F[K] extends Field<infer T> ? T : never;
};
/** The settings that a running process follows. */
export type LiveOf<F extends Fields> = {
  readonly [K in keyof F as F[K] extends { live: true } ? K : never]: F[K] extends Field<infer T> ? T : never;
};

/**
 * The names of the secret members of each loaded config. The list is outside the object, so a spread copy has
 * no list.
 */
const secretMembers = new WeakMap<object, ReadonlySet<string>>();

/**
 * Reads the environment once into a frozen, typed object. It reads only `env`, and the files that `<variable>_FILE`
 * names for secrets. An empty variable counts as unset. `rules` checks fields against each other and returns the problems. Throws one
 * CONFIG_INVALID that lists every problem.
 */
export function loadConfig<F extends Fields>(
  env: Env,
  fields: F,
  rules: (config: ConfigOf<F>) => readonly string[] = () => [],
): ConfigOf<F> {
  const config: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [member, field] of Object.entries(fields)) {
    try {
      config[member] = field.read(rawOf(env, field));
    } catch (error) {
      // The message omits the value, because it may be a secret in the wrong variable.
      problems.push(`${field.env} ${errorMessage(error)}`);
    }
  }
  if (problems.length === 0) problems.push(...rules(config as ConfigOf<F>));
  if (problems.length > 0) throw appError('CONFIG_INVALID', { problems });
  secretMembers.set(config, new Set(Object.keys(fields).filter((member) => fields[member]?.secret)));
  return Object.freeze(config) as ConfigOf<F>;
}

/**
 * The config in printable form: secrets are hidden, also passwords in URLs. A spread copy has no list of its
 * secrets. For such an object, the result shows only numbers and booleans.
 */
export function describeConfig(config: object): Record<string, unknown> {
  const secrets = secretMembers.get(config);
  return Object.fromEntries(
    Object.entries(config).map(([member, value]) => {
      const plain = typeof value === 'number' || typeof value === 'boolean';
      if (secrets === undefined ? !plain : secrets.has(member))
        return [member, value === '' ? '' : '[hidden]'];
      return [member, typeof value === 'string' ? withoutPassword(value) : value];
    }),
  );
}
