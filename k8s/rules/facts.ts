/** What the manifests must agree with: settings of the services, topics and the version of the product. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';
import { programs } from '../../docker/image/contents.ts';
import { fieldsIn, fieldsOfService } from '../../scripts/docs/service-settings.ts';
import * as common from '../../services/shared/config/common.ts';
import { type Field, fileVariable } from '../../services/shared/config/index.ts';
import { COMMANDS, GROUPS } from '../../topics/catalogue.ts';

export interface Facts {
  readonly version: string;
  /** Programs that the image has. */
  readonly programs: readonly string[];
  /** The numeric user of the image. */
  readonly imageUser: number;
  readonly commandsTopic: string;
  readonly workerGroup: string;
  /** Settings by service. A setting without a default is required. */
  readonly settings: ReadonlyMap<string, readonly Setting[]>;
  /** Variables of each secret that the base expects, by its name. */
  readonly secrets: ReadonlyMap<string, readonly string[]>;
}

interface Setting {
  readonly env: string;
  /** The variable that may name a file with the value; null for a setting that has none. */
  readonly fileEnv: string | null;
  readonly isRequired: boolean;
  readonly field: Field<unknown>;
}

const root = path.resolve(import.meta.dirname, '../..');

export async function readFacts(): Promise<Facts> {
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  const services = readdirSync(path.join(root, 'services')).filter((name) =>
    readdirSync(path.join(root, 'services', name)).includes('main.ts'),
  );
  const settings = await Promise.all(services.map(async (name) => [name, await settingsOf(name)] as const));
  return {
    version,
    programs: programs(root),
    imageUser: readImageUser(),
    commandsTopic: COMMANDS,
    workerGroup: GROUPS.worker,
    settings: new Map(settings),
    secrets: readSecrets(),
  };
}

async function settingsOf(service: string): Promise<Setting[]> {
  const fields = [...Object.values(common).flatMap(fieldsIn), ...(await fieldsOfService(service))];
  return fields.map((field) => ({
    env: field.env,
    fileEnv: field.fromFile ? fileVariable(field.env) : null,
    isRequired: field.defaultText === undefined,
    field,
  }));
}

function readImageUser(): number {
  const text = readFileSync(path.join(root, 'docker/Dockerfile'), 'utf8');
  return Number(/^USER (\d+)/m.exec(text)?.[1]);
}

function readSecrets(): Map<string, readonly string[]> {
  const text = readFileSync(path.join(root, 'k8s/base/secrets.example.yaml'), 'utf8');
  return new Map(
    parseAllDocuments(text).map((document) => {
      const { metadata, stringData } = document.toJS() as {
        metadata: { name: string };
        stringData: Record<string, string>;
      };
      return [metadata.name, Object.keys(stringData)];
    }),
  );
}
