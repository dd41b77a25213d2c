import { appError, errorMessage } from '../errors/index.ts';
import type { Field } from './fields.ts';
import { withoutPassword } from './urls.ts';

export type Env = Readonly<Record<string, string | undefined>>;
export type Fields = Readonly<Record<string, Field<unknown>>>;
/** The config object that a set of fields makes. */
export type ConfigOf<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

/** Which members of a loaded config are secret; kept beside the object, so that spreading it cannot lose the mark unseen. */
const secretMembers = new WeakMap<object, ReadonlySet<string>>();

/**
 * Reads the environment once into a frozen, typed object. Pure: nothing but `env` is looked at. An empty variable
 * counts as unset. `rules` are cross-field checks, each giving sentences about what is wrong. Throws one
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
    const raw = env[field.env];
    try {
      config[member] = field.read(raw === '' ? undefined : raw);
    } catch (error) {
      // The value itself is left out: it may be a secret put into the wrong variable.
      problems.push(`${field.env} ${errorMessage(error)}`);
    }
  }
  if (problems.length === 0) problems.push(...rules(config as ConfigOf<F>));
  if (problems.length > 0) throw appError('CONFIG_INVALID', { problems });
  secretMembers.set(config, new Set(Object.keys(fields).filter((member) => fields[member]?.secret)));
  return Object.freeze(config) as ConfigOf<F>;
}

/**
 * The config as it may be printed: secrets hidden, passwords in URLs too. Of an object that `loadConfig` did not
 * make (a spread copy, say) only numbers and booleans are shown, as nothing tells which texts are secret.
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
