import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type SaslConfig, saslOptions } from './sasl.ts';

/** Logs in like kafkajs. Returns what is sent to the broker, which answers with `answer`. */
function loginOf(config: SaslConfig, answer = ''): () => Promise<string> {
  const options = saslOptions({ kafkaSaslMechanism: 'oauthbearer', ...config }) as unknown as {
    authenticationProvider: (exchange: object) => { authenticate(): Promise<void> };
  };
  return async () => {
    let sent: Buffer = Buffer.alloc(0);
    const saslAuthenticate = async (step: {
      request: { encode(): Buffer };
      response: { decode(raw: Buffer): Buffer; parse(answer: Buffer): void };
    }) => {
      sent = step.request.encode();
      const raw = Buffer.concat([Buffer.alloc(4), Buffer.from(answer)]);
      step.response.parse(step.response.decode(raw));
    };
    await options.authenticationProvider({ saslAuthenticate }).authenticate();
    expect(sent.readInt32BE()).toBe(sent.length - 4);
    return sent.toString('utf8', 4);
  };
}

const sentWith = (token: string, extensions = '') => `n,,\x01auth=Bearer ${token}\x01${extensions}\x01`;

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
}

const client = { kafkaOauthClientId: 'a client', kafkaOauthClientSecret: 'hunter2:&' };
const answer = (status: number, body: string) =>
  serve((_request, response) => response.writeHead(status).end(body));

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request) text += part;
  return text;
}

describe('saslOptions', () => {
  it('is undefined without a mechanism, and has user and password for the others', () => {
    expect(saslOptions({ kafkaSaslUsername: 'u' })).toBeUndefined();
    const login = { kafkaSaslUsername: 'u', kafkaSaslPassword: 'p' };
    for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'])
      expect(saslOptions({ kafkaSaslMechanism: mechanism, ...login })).toEqual({
        mechanism,
        username: 'u',
        password: 'p',
      });
  });

  const oauth = { kafkaSaslMechanism: 'oauthbearer' };
  const url = { kafkaOauthTokenUrl: 'https://id.example.com/token' };
  it.each<[string, SaslConfig, RegExp]>([
    ['a password is missing', { kafkaSaslMechanism: 'plain', kafkaSaslUsername: 'u' }, /KAFKA_SASL_PASSWORD/],
    ['the mechanism is unknown', { kafkaSaslMechanism: 'gssapi' }, /gssapi is not supported/],
    ['there is no source of tokens', oauth, /needs either KAFKA_SASL_OAUTH_TOKEN_URL or/],
    ['there are two', { ...oauth, ...url, ...client, kafkaOauthTokenFile: '/t' }, /needs either/],
    ['the client is missing', { ...oauth, ...url }, /needs KAFKA_SASL_OAUTH_CLIENT_ID and/],
    [
      'the secret would be readable on the network',
      { ...oauth, ...client, kafkaOauthTokenUrl: 'http://id.example.com/token' },
      /must begin with https/,
    ],
    [
      'the URL has a login',
      { ...oauth, ...client, kafkaOauthTokenUrl: 'https://u:hunter2@id.example.com/token' },
      /has a login/,
    ],
    [
      'a CA file has no use',
      { ...oauth, ...client, kafkaOauthTokenUrl: 'http://localhost/token', kafkaOauthCa: '/ca' },
      /KAFKA_SASL_OAUTH_CA needs/,
    ],
    [
      'an extension would overwrite the token',
      { ...oauth, kafkaOauthTokenFile: '/t', kafkaOauthExtensions: ['auth=Bearer'] },
      /KAFKA_SASL_OAUTH_EXTENSIONS/,
    ],
  ])('refuses settings if %s', (_why, config, expected) => {
    expect(() => saslOptions(config)).toThrow(expected);
    expect(() => saslOptions(config)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    expect(() => saslOptions(config)).not.toThrow(/hunter2/);
  });
});

describe('a token of an endpoint', () => {
  it('is requested as the client, with the scope, and kept', async () => {
    const asked: unknown[] = [];
    const kafkaOauthTokenUrl = await serve(async (request, response) => {
      const { method, headers } = request;
      asked.push({ method, login: headers.authorization, body: await bodyOf(request) });
      response.end(JSON.stringify({ access_token: 'abc.def-1', expires_in: 300 }));
    });
    const logIn = loginOf({
      ...client,
      kafkaOauthTokenUrl,
      kafkaOauthScope: 'kafka orders',
      kafkaOauthExtensions: ['logicalCluster=lkc-1'],
    });
    const sent = sentWith('abc.def-1', 'logicalCluster=lkc-1\x01');
    expect(await Promise.all([logIn(), logIn()])).toEqual([sent, sent]);
    expect(await logIn()).toBe(sent);
    const login = `Basic ${Buffer.from('a+client:hunter2%3A%26').toString('base64')}`;
    expect(asked).toEqual([
      { method: 'POST', login, body: 'grant_type=client_credentials&scope=kafka+orders' },
    ]);
  });

  it.each([
    [
      'a refused client',
      401,
      '{"error": "invalid_client", "error_description": "hunter2"}',
      /401 \(invalid_client\)/,
    ],
    ['a page of a proxy', 502, '<html>hunter2</html>', /status 502$/],
    ['an answer without a token', 200, '{"token": "hunter2"}', /without an access_token/],
    ['a token with a line break', 200, '{"access_token": "a\\nb"}', /without an access_token/],
    ['a redirect', 307, '', /status 307/],
    ['an endless answer', 200, 'x'.repeat(70_000), /more than 65536 bytes/],
  ])('is an error that can be retried after %s', async (_what, status, body, expected) => {
    const logIn = loginOf({ ...client, kafkaOauthTokenUrl: await answer(status, body) });
    const error = await logIn().catch((cause: Error) => cause);
    expect(error).toMatchObject({ code: 'KAFKA_TOKEN_UNAVAILABLE', disposition: 'retry', retriable: true });
    expect((error as Error).message).toMatch(expected);
    expect((error as Error).message).not.toMatch(/hunter2/);
  });
});

describe('a token of a file', () => {
  it('is read at each login', async () => {
    const dir = await mkdtemp(path.join(tmpdir(), 'os-token-'));
    onTestFinished(() => rm(dir, { recursive: true }));
    const kafkaOauthTokenFile = path.join(dir, 'token');
    const logIn = loginOf({ kafkaOauthTokenFile });
    await expect(logIn()).rejects.toThrow(/KAFKA_SASL_OAUTH_TOKEN_FILE: .* cannot be read/);
    await writeFile(kafkaOauthTokenFile, 'one\n');
    expect(await logIn()).toBe(sentWith('one'));
    await writeFile(kafkaOauthTokenFile, 'two');
    expect(await logIn()).toBe(sentWith('two'));
    for (const text of ['', 'two words', 'x'.repeat(70_000)]) {
      await writeFile(kafkaOauthTokenFile, text);
      await expect(logIn()).rejects.toThrow(/holds no token/);
    }
  });
});

describe('a broker that refuses the token', () => {
  it.each([
    ['{"status":"invalid_token"}', /refuses the token .*\(invalid_token\)/],
    ['hunter2', /refuses the token .*\(no status\)/],
  ])('ends the login for the answer %s', async (answer, expected) => {
    const dir = await mkdtemp(path.join(tmpdir(), 'os-token-'));
    onTestFinished(() => rm(dir, { recursive: true }));
    const kafkaOauthTokenFile = path.join(dir, 'token');
    await writeFile(kafkaOauthTokenFile, 'one');
    const error = await loginOf({ kafkaOauthTokenFile }, answer)().catch((cause: Error) => cause);
    expect(error).toMatchObject({ name: 'KafkaJSSASLAuthenticationError', retriable: false });
    expect((error as Error).message).toMatch(expected);
  });
});
