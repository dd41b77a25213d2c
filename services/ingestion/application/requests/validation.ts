/** Compiles schemas, and reports faults with JSON pointers. A valid value costs one call of a generated function. */
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Settings } from 'typebox/system';
import type { RequestFault } from './fault.ts';
import { cutPointer, pointerSegment } from './json-pointer.ts';

const faultsMax = 20;

type Checked<T> =
  | { readonly value: T; readonly faults: null }
  | { readonly value: null; readonly faults: readonly RequestFault[] };
export type Check<T> = (value: unknown, at?: string) => Checked<T>;

/** Compiles a schema. `at` is prepended to each pointer. */
export function compileCheck<S extends TSchema>(schema: S): Check<Static<S>> {
  // The default limit of 8 would hide faults. The code below limits the list.
  Settings.Set({ maxErrors: 5 * faultsMax });
  const validator = Compile(schema);
  return (value, at = '') => {
    if (validator.Check(value)) return { value: value as Static<S>, faults: null };
    const faults = validator.Errors(value).flatMap((error) => faultsOf(error, at));
    return { value: null, faults: dedupe(faults).slice(0, faultsMax) };
  };
}

interface SchemaError {
  readonly keyword: string;
  readonly schemaPath: string;
  readonly instancePath: string;
  readonly params: unknown;
  readonly message: string;
}

/** Reports each fault once. Drops an error of the surrounding object that only repeats it. */
function faultsOf(
  { keyword, schemaPath, instancePath, params, message }: SchemaError,
  at: string,
): RequestFault[] {
  const here = at + instancePath;
  switch (keyword) {
    case 'required':
      return ((params as { requiredProperties?: string[] }).requiredProperties ?? []).map((name) =>
        fault(here + pointerSegment(name), 'is required'),
      );
    case 'boolean':
      // The only boolean schema here is false, for the unknown members of an object.
      return [fault(here, 'is not a known member')];
    case 'not':
      return [fault(here, 'must be another value')];
    case 'additionalProperties':
    case 'propertyNames':
      return [];
    default:
      return [fault(here, schemaPath.includes('/propertyNames') ? `has a name that ${message}` : message)];
  }
}

function fault(pointer: string, detail: string): RequestFault {
  return { pointer: cutPointer(pointer), detail };
}

function dedupe(faults: readonly RequestFault[]): RequestFault[] {
  const seen = new Set<string>();
  return faults.filter(({ pointer, detail }) => {
    const key = `${pointer} ${detail}`;
    return !seen.has(key) && seen.add(key) !== undefined;
  });
}
