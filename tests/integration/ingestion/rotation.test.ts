/** Secrets are replaced one after the other while orders arrive. No request fails, and no order is lost. */
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createLocalIssuer } from '../../../services/shared/auth/index.ts';
import { createMysql, type Mysql } from '../../../services/shared/mysql/index.ts';
import { makeKey } from '../../../services/shared/secrets/index.ts';
import { type ApiProcess, spawnApi } from '../../support/api/api-process.ts';
import { type ApiWorld, openApiWorld, orderOf } from '../../support/api/api-world.ts';
import { quietLog } from '../../support/records/kafka.ts';
import { plantedSecret, plantedSecretKeys } from '../../support/records/planted.ts';
import { until, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const database = useDatabase('rotation');
const topicPrefix = useTopicPrefix('rotation');
const scopes = ['orders:write', 'orders:read', 'webhooks:manage'];
const changed = 'the process uses the changed configuration';
const freshSecret = 'a-fresh-secret-of-sixteen';

let world: ApiWorld;
let admin: Mysql;
let dir: string;
let api: ApiProcess;
let sign: () => Promise<string>;
let load: Load;

interface Load {
  /** The status URL of each accepted order. */
  readonly accepted: string[];
  /** Every answer that is no acceptance. */
  readonly failures: string[];
  /** Resolves after this many more orders were accepted. */
  more(count: number): Promise<void>;
  stop(): Promise<void>;
}

beforeAll(async () => {
  world = await openApiWorld({ topicPrefix, mysqlUrl: database().url });
  admin = createMysql({
    url: Object.assign(new URL(database().url), { username: 'root', password: '' }).href,
    log: quietLog,
  });
  dir = await mkdtemp(path.join(tmpdir(), 'rotation-'));
  await addUser('first');
  await Promise.all([
    writeSecret('tickets', plantedSecret),
    writeSecret('mysql', urlOf('first')),
    writeSecret('keys', plantedSecretKeys),
    writeSecret('config', '{}'),
    writeSecret('jwks', await readFile(world.issuer.jwksPath, 'utf8')),
  ]);
  const files = {
    MYSQL_URL: '',
    MYSQL_URL_FILE: file('mysql'),
    CONFIG_FILE: file('config'),
    CONFIG_POLL: '50',
  };
  await world.arena.startWorker(files);
  api = await spawnApi({
    ...world.env,
    ...files,
    TICKET_SECRET: '',
    TICKET_SECRET_FILE: file('tickets'),
    WEBHOOK_SECRET_KEYS: '',
    WEBHOOK_SECRET_KEYS_FILE: file('keys'),
    JWKS: file('jwks'),
  });
  sign = () => world.token('c1', scopes);
  load = startLoad();
  await load.more(20);
});
afterEach(() => expect(load.failures).toEqual([]));
afterAll(async () => {
  await load?.stop();
  await api?.end('SIGTERM');
  await world?.close();
  for (const name of ['first', 'second']) await admin?.pool.write(`DROP USER IF EXISTS ${userOf(name)}`);
  await admin?.close();
  await rm(dir, { recursive: true, force: true });
});

const file = (name: string): string => path.join(dir, name);
const userOf = (name: string): string => `'${new URL(database().url).pathname.slice(1, 20)}-${name}'@'%'`;
const loginOf = (name: string): string => userOf(name).split("'")[1]!;

function urlOf(name: string): string {
  const url = new URL(database().url);
  url.username = loginOf(name);
  url.password = `password-${name}`;
  return url.href;
}

async function addUser(name: string): Promise<void> {
  const schema = new URL(database().url).pathname.slice(1);
  await admin.pool.write(`CREATE USER ${userOf(name)} IDENTIFIED BY 'password-${name}'`);
  await admin.pool.write(`GRANT ALL ON \`${schema}\`.* TO ${userOf(name)}`);
}

/** Replaces the whole file at once, as Kubernetes does. */
async function writeSecret(name: string, text: string): Promise<void> {
  await writeFile(file(`${name}.new`), `${text}\n`);
  await rename(file(`${name}.new`), file(name));
}

const changesOf = ({ lines }: { readonly lines: readonly string[] }): number =>
  lines.filter((line) => line.includes(changed)).length;

/** Replaces a file, and waits until these processes use it. */
async function rotate(name: string, text: string, ...processes: { readonly lines: readonly string[] }[]) {
  const before = processes.map(changesOf);
  await writeSecret(name, text);
  await until(async () => processes.every((each, n) => changesOf(each) > before[n]!), {
    what: `the processes using the new ${name}`,
  });
}

async function place(key: string): Promise<Response> {
  return fetch(`${api.url}/v1/orders`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await sign()}`,
      'content-type': 'application/json',
      'idempotency-key': key,
    },
    body: JSON.stringify(orderOf()),
  });
}

const read = async (url: string): Promise<Response> =>
  fetch(`${api.url}${url}`, { headers: { authorization: `Bearer ${await sign()}` } });

/** Four clients that place an order as soon as the last one is accepted, and read it at once. */
function startLoad(): Load {
  const accepted: string[] = [];
  const failures: string[] = [];
  let stopping = false;
  const client = async (name: number): Promise<void> => {
    for (let n = 0; !stopping; n++) {
      const response = await place(`key-${name}-${n}`);
      const text = await response.text();
      if (response.status !== 202) {
        failures.push(`${response.status} ${text}`);
        continue;
      }
      const { statusUrl } = JSON.parse(text) as { statusUrl: string };
      accepted.push(statusUrl);
      const state = await read(statusUrl);
      if (state.status !== 200) failures.push(`${state.status} ${await state.text()}`);
      else await state.body?.cancel();
    }
  };
  const clients = [0, 1, 2, 3].map(client);
  return {
    accepted,
    failures,
    async more(count) {
      const enough = accepted.length + count;
      await until(async () => accepted.length >= enough || failures.length > 0, {
        what: `${count} more accepted orders`,
        deadlineMs: 30_000,
      });
    },
    async stop() {
      stopping = true;
      await Promise.all(clients);
    },
  };
}

it('a new ticket secret leaves the tickets of the old one valid', async () => {
  const before = load.accepted.at(-1)!;
  await rotate('tickets', `${plantedSecret},${freshSecret}`, api);
  await rotate('tickets', `${freshSecret},${plantedSecret}`, api);
  await load.more(20);
  for (const url of [before, load.accepted.at(-1)!]) expect((await read(url)).status).toBe(200);
});

it('tokens of a new key are valid beside those of the old key, which ends with its removal', async () => {
  const other = await createLocalIssuer(path.join(dir, 'issuer'));
  const both = await Promise.all(
    [world.issuer.jwksPath, other.jwksPath].map(
      async (one) => JSON.parse(await readFile(one, 'utf8')).keys[0],
    ),
  );
  const old = await sign();
  await writeSecret('jwks', JSON.stringify({ keys: both }));
  const fresh = () => other.sign({ customerId: 'c1', scopes });
  const statusWith = async (token: string) =>
    (await fetch(`${api.url}/v1/orders?limit=1`, { headers: { authorization: `Bearer ${token}` } })).status;
  await until(async () => (await statusWith(await fresh())) === 200, {
    what: 'the new key',
    deadlineMs: 10_000,
  });
  sign = fresh;
  await load.more(20);
  await writeSecret('jwks', JSON.stringify({ keys: both.slice(1) }));
  await until(async () => (await statusWith(old)) === 401, {
    what: 'the old key ending',
    deadlineMs: 10_000,
  });
  await load.more(20);
});

it('a wrong database login is not used, and a new one replaces every connection of the old user', async () => {
  await rotate('mysql', urlOf('second'), api);
  await load.more(20);
  await addUser('second');
  // A pool tries the new login again at its next new connection. A changed file makes it try at once.
  await rotate('mysql', urlOf('first'), api);
  await rotate('mysql', urlOf('second'), api);
  await until(async () => (await connectionsOf('second')) > 0, { what: 'connections of the new user' });
  await load.more(20);
  await until(async () => (await connectionsOf('first')) === 0, {
    what: 'no connection of the old user',
    deadlineMs: 30_000,
  });
  await admin.pool.write(`DROP USER ${userOf('first')}`);
  await load.more(20);
});

async function connectionsOf(name: string): Promise<number> {
  const rows = await admin.pool.rows<{ n: number }>(
    'SELECT COUNT(*) AS n FROM information_schema.processlist WHERE user = ?',
    [loginOf(name)],
  );
  return rows[0]!.n;
}

it('a new key encrypts webhook secrets', async () => {
  await rotate('keys', `${makeKey('fresh')},${plantedSecretKeys}`, api);
  const response = await fetch(`${api.url}/v1/webhook-endpoints`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await sign()}`, 'content-type': 'application/json' },
    body: JSON.stringify({ url: 'https://shop.example.com/hook' }),
  });
  expect(response.status).toBe(201);
  const rows = await admin.pool.rows<{ secret: string }>('SELECT secret FROM webhook_endpoints');
  expect(rows.map(({ secret }) => secret.startsWith('enc:v1:fresh:'))).toEqual([true]);
  await load.more(20);
});

it('each accepted order gets its outcome, once', async () => {
  await load.stop();
  await world.arena.quiesce();
  const [row] = await admin.pool.rows<{ n: number }>('SELECT COUNT(*) AS n FROM orders');
  expect(row!.n).toBe(load.accepted.length);
  for (const url of load.accepted)
    expect(await (await read(url)).json()).toMatchObject({ status: 'PENDING_PAYMENT' });
});

it('a flag in the file works within seconds, and a broken file changes nothing', async () => {
  await rotate('config', JSON.stringify({ flags: { intake: 'off' } }), api);
  const refused = await place('off');
  expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([503, 'INTAKE_OFF']);
  await writeSecret('config', '{"flags": {"intake": ');
  await until(async () => api.lines.some((line) => line.includes('CONFIG_FILE is not valid JSON')), {
    what: 'the error in the log',
  });
  const metrics = await (await fetch(`${api.adminUrl}/metrics`)).text();
  expect(metrics).toMatch(/orderstream_config_reload_ok\{[^}]*\} 0/);
  expect((await place('off')).status).toBe(503);
  await rotate('config', '{}', api);
  expect((await place('off')).status).toBe(202);
});
