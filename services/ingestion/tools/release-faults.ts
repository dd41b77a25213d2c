import { isDeepStrictEqual } from 'node:util';
import { breakingChanges } from './breaking-changes.ts';

interface OpenapiDocument {
  readonly info: { readonly version: string };
}

/** The reasons why `now` may not replace the released document, as sentences. Empty if it may. */
export function releaseFaults(
  released: OpenapiDocument,
  now: OpenapiDocument,
  { despite }: { despite?: string | undefined } = {},
): string[] {
  if (isDeepStrictEqual(released, now)) return [];
  const { version } = now.info;
  const unraised =
    version === released.info.version
      ? [`the document has changed, but its version is still ${version}`]
      : [];
  return despite === undefined ? [...unraised, ...breakingChanges(released, now)] : unraised;
}
