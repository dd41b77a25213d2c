import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import type { Compatibility } from '../../../../schemas/index.ts';
import { appError, errorMessage } from '../../errors/index.ts';
import { type HttpRequest, request as sendRequest } from '../../http-client/index.ts';
import { settingsOfUrl, tlsFault } from '../../tls/index.ts';
import { parseRegistryUrl } from './target.ts';

const REQUEST_TIMEOUT_MS = 3000;
const tlsSettings = settingsOfUrl('SCHEMA_REGISTRY_URL');

/** Error codes in a response body. A bare 404 may come from a proxy between us and the registry. */
const SUBJECT_NOT_FOUND = 40401;
const SCHEMA_NOT_FOUND = 40403;

/** Another run may create the subject, the setting and the version at the same time. */
const racesMax = 4;

/**
 * Every field is set, because the library overwrites its own defaults with these values, also for later
 * instances.
 */
const RETRY = {
  maxRetryTimeInSecs: 2,
  initialRetryTimeInSecs: 0.1,
  factor: 0.2,
  multiplier: 2,
  retries: 3,
};

/**
 * Responses of the registry. `null` means that the registry reports the item as missing. Other failures are
 * REGISTRY_UNAVAILABLE (retry).
 */
export interface Registry {
  /** Id of exactly this schema under the subject. */
  idOf(subject: string, schema: object): Promise<number | null>;
  versionsOf(subject: string): Promise<number[] | null>;
  idOfVersion(subject: string, version: number): Promise<number>;
  /** The parsed schema, of any subject. */
  schemaOf(schemaId: number): Promise<object | null>;
  compatibilityOf(subject: string): Promise<string | null>;
  setCompatibility(subject: string, compatibility: Compatibility): Promise<void>;
  /** @returns the id; throws SCHEMA_INCOMPATIBLE if the registry's own check refuses the schema */
  register(subject: string, schema: object, compatibility: Compatibility): Promise<number>;
}

/**
 * Client of the Confluent registry API. It uses the library where possible. Plain requests read lists of
 * versions, compatibility, and whether an id is truly missing.
 *
 * @param url as `parseRegistryUrl` reads it; its login is never printed
 * @throws AppError CONFIG_INVALID for an invalid URL, or if a file that it names is invalid
 */
export function createRegistry(url: string): Registry {
  const { base, login, headers, agent } = parseRegistryUrl(url);
  const request: Request = (path, init) =>
    requestOf(base, path, { ...init, headers: { ...init.headers, ...headers }, agent });
  const library = new SchemaRegistry({
    host: base,
    ...(login === null ? {} : { auth: { ...login } }),
    ...(agent === null ? {} : { agent }),
    clientId: 'orderstream',
    retry: RETRY,
    middlewares: [
      () => ({ prepareRequest: async (next) => (await next()).enhance({ timeout: REQUEST_TIMEOUT_MS }) }),
    ],
  });
  const avro = (schema: object) => ({ type: SchemaType.AVRO as const, schema: JSON.stringify(schema) });
  const ask = (path: string) => request(path, { method: 'GET' });
  const setCompatibility = (subject: string, compatibility: Compatibility) =>
    putCompatibility(request, base, subject, compatibility);

  return {
    async idOf(subject, schema) {
      try {
        return idIn(await library.getRegistryIdBySchema(subject, avro(schema)), base);
      } catch (error) {
        // The library throws this class only for a 404. It drops the body, which would show whether a registry
        // sent it.
        if ((error as Error).name !== 'ConfluentSchemaRegistryError') throw unavailable(base, error);
        const { status, body } = await ask('/subjects');
        if (status === 200 && Array.isArray(body)) return null;
        throw unavailable(base, `no schema registry answers there (status ${status})`);
      }
    },
    async versionsOf(subject) {
      const { status, body } = await ask(`/subjects/${encodeURIComponent(subject)}/versions`);
      if (status === 200 && Array.isArray(body)) return body.map((version) => idIn(version, base));
      return nullOr(SUBJECT_NOT_FOUND, base, status, body);
    },
    async idOfVersion(subject, version) {
      try {
        return idIn(await library.getRegistryId(subject, version), base);
      } catch (error) {
        throw unavailable(base, error);
      }
    },
    async schemaOf(schemaId) {
      const { status, body } = await ask(`/schemas/ids/${schemaId}`);
      const { schema: text, schemaType } = (body ?? {}) as { schema?: unknown; schemaType?: unknown };
      if (status === 200 && typeof text === 'string') return schemaIn(text, schemaType, base);
      return nullOr(SCHEMA_NOT_FOUND, base, status, body);
    },
    async compatibilityOf(subject) {
      const { status, body } = await ask(`/config/${encodeURIComponent(subject)}`);
      const level = (body as { compatibilityLevel?: unknown } | null)?.compatibilityLevel;
      if (status === 200 && typeof level === 'string') return level;
      // Registries use different codes for a subject without a setting of its own.
      return status === 404 ? null : nullOr(SUBJECT_NOT_FOUND, base, status, body);
    },
    setCompatibility,
    async register(subject, schema, compatibility) {
      const options = { subject, compatibility: COMPATIBILITY[compatibility] };
      for (let tries = 1; ; tries++) {
        try {
          return idIn((await library.register(avro(schema), options)).id, base);
        } catch (error) {
          if (isLostRace(error) && tries < racesMax) {
            // The next attempt finds the version of the other run, and compares it.
            await setCompatibility(subject, compatibility);
            continue;
          }
          const { status } = error as { status?: unknown };
          if (status !== 409 && status !== 422) throw unavailable(base, error);
          throw appError('SCHEMA_INCOMPATIBLE', { subject, reason: errorMessage(error) }, { cause: error });
        }
      }
    },
  };
}

type Answer = { status: number; body: unknown };
type Request = (path: string, init: Pick<HttpRequest, 'method' | 'headers' | 'body'>) => Promise<Answer>;

async function putCompatibility(
  request: Request,
  base: string,
  subject: string,
  compatibility: Compatibility,
): Promise<void> {
  const { status, body } = await request(`/config/${encodeURIComponent(subject)}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ compatibility }),
  });
  // 409: another run is setting it now. The next reader sees the result.
  if (status !== 200 && status !== 409) throw unavailable(base, `status ${status}: ${JSON.stringify(body)}`);
}

/** Another run created the subject, setting or version between our read and write, or has not set it yet. */
function isLostRace(error: unknown): boolean {
  const { name, status } = error as { name?: unknown; status?: unknown };
  if (name === 'ConfluentSchemaRegistryCompatibilityError') return true;
  return status === 409 && /already exists/i.test(errorMessage(error));
}

async function requestOf(base: string, path: string, init: Omit<HttpRequest, 'timeoutMs'>): Promise<Answer> {
  try {
    const { status, text } = await sendRequest(`${base}${path}`, { ...init, timeoutMs: REQUEST_TIMEOUT_MS });
    return { status, body: parseOrNull(text) };
  } catch (error) {
    throw unavailable(base, error);
  }
}

/** Only valid JSON counts as a response of the registry. */
function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The text may be a page of a proxy. The caller sees null and reports the status.
    return null;
  }
}

const ID_MAX = 2 ** 31 - 1;

/** An id or a version from the registry. Anything but a positive whole number is an invalid response. */
function idIn(value: unknown, base: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= ID_MAX) return value;
  throw unavailable(base, `it answered ${JSON.stringify(value)} where a number belongs`);
}

/** The parsed schema. A schema of another kind (a bare type, JSON Schema, Protobuf) becomes an empty object. */
function schemaIn(text: string, kind: unknown, base: string): object {
  if (kind !== undefined && kind !== 'AVRO') return {};
  const schema = parseOrNull(text);
  if (schema === null) throw unavailable(base, 'it answered with a schema that is no JSON');
  return typeof schema === 'object' && !Array.isArray(schema) ? schema : {};
}

function nullOr(code: number, base: string, status: number, body: unknown): null {
  if (status === 404 && (body as { error_code?: unknown } | null)?.error_code === code) return null;
  throw unavailable(base, `status ${status}: ${JSON.stringify(body)}`);
}

function unavailable(base: string, cause: unknown): Error {
  const reason = `${base}: ${tlsFault(cause, tlsSettings) ?? errorMessage(cause)}`;
  return appError('REGISTRY_UNAVAILABLE', { reason }, { cause });
}
