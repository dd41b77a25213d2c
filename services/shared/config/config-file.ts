/**
 * The file that CONFIG_FILE names. It is a JSON object with sections. `all` has settings that every service has.
 * A section with the name of a service has the settings of that service. `flags` has flags by their names.
 *
 * {"all": {"LOG_LEVEL": "debug"}, "ingestion": {"RATE_ORDERS_PER_SECOND": 800}, "flags": {"batch": "off"}}
 */
import { appError, errorMessage } from '../errors/index.ts';
import { flagNames, flagVariable } from './flags.ts';
import type { Env, Fields } from './load.ts';
import { readTextFile } from './secret-files.ts';
import { withoutPassword } from './urls.ts';

/** The services that may have a section. */
export const configSections = [
  'ingestion',
  'worker',
  'notification',
  'reconciliation',
  'projector',
  'payments',
  'scheduler',
  'observer',
] as const;

/** These settings belong to one process, or say where the file is. */
const notInFile: ReadonlySet<string> = new Set(['CONFIG_FILE', 'CONFIG_POLL', 'INSTANCE_ID']);

/**
 * The environment with the settings of the file over it. Without CONFIG_FILE it is `env` itself. Throws CONFIG_INVALID
 * with every problem of the file. No problem shows a value.
 */
export function withConfigFile(env: Env, service: string, fields: Fields): Env {
  const path = env['CONFIG_FILE'];
  if (!path) return env;
  let text: string;
  try {
    text = readTextFile(path, 'CONFIG_FILE');
  } catch (error) {
    throw appError('CONFIG_INVALID', { problems: [`CONFIG_FILE ${errorMessage(error)}`] });
  }
  return { ...env, ...settingsIn(text, service, fields) };
}

/** The settings of a service in the text of a configuration file, by variable. Throws like `withConfigFile`. */
export function settingsIn(text: string, service: string, fields: Fields): Record<string, string> {
  const problems: string[] = [];
  const settings: Record<string, string> = {};
  const known = new Map(Object.values(fields).map((field) => [field.env, field]));

  const take = (section: string, name: string, value: unknown): void => {
    const field = known.get(name);
    const given = textOf(value);
    const fault = (reason: string) => problems.push(`CONFIG_FILE: ${name} in section ${section} ${reason}`);
    if (field === undefined) fault(`is no setting of ${service}`);
    else if (notInFile.has(name)) fault('can only be set by the environment');
    else if (given === null) fault('is not a text, a number, true or false');
    else if (field.secret || withoutPassword(given) !== given)
      fault(`is a secret; use the variable ${name}_FILE instead`);
    else if (name in settings) fault('is there twice');
    else settings[name] = given;
  };

  for (const [section, content] of sectionsOf(text, problems)) {
    if (section === 'flags') {
      for (const [name, value] of Object.entries(content)) {
        const flagName = flagNames.find((each) => each === name);
        if (flagName === undefined) problems.push(`CONFIG_FILE: there is no flag ${name}`);
        else if (known.has(flagVariable(flagName))) take(section, flagVariable(flagName), value);
      }
    } else if (section === 'all' || section === service) {
      for (const [name, value] of Object.entries(content)) take(section, name, value);
    }
  }
  if (problems.length > 0) throw appError('CONFIG_INVALID', { problems });
  return settings;
}

function sectionsOf(text: string, problems: string[]): [string, Record<string, unknown>][] {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    // The message of JSON.parse quotes the text, and the file may be the wrong one.
    problems.push('CONFIG_FILE is not valid JSON');
    return [];
  }
  if (!isObject(content)) {
    problems.push('CONFIG_FILE is not a JSON object with sections');
    return [];
  }
  return Object.entries(content).filter((entry): entry is [string, Record<string, unknown>] => {
    const [section, settings] = entry;
    const isKnown = section === 'all' || section === 'flags' || configSections.some((one) => one === section);
    if (!isKnown) problems.push(`CONFIG_FILE: there is no section ${section}`);
    else if (!isObject(settings)) problems.push(`CONFIG_FILE: the section ${section} is not a JSON object`);
    return isKnown && isObject(settings);
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}
