import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createLocalIssuer } from '../../services/shared/auth/index.ts';
import { workerProcessEnv } from '../../services/worker/process-env.ts';
import {
  localPaymentSettings,
  localPersonalDataKeys,
  localSecretKeys,
  type ServiceProcess,
  type StackInfo,
  serviceProcesses,
  stackEnv,
} from '../../stack/index.ts';

/** One process of the product: its program, its environment, and its readiness address. */
export interface ServiceSpec {
  name: string;
  entry: string;
  env: Record<string, string>;
  adminUrl: string;
}

/**
 * The processes of a local run. The mail server is omitted if the environment names another one. The first call
 * creates keys and secrets in the instance's folder. `added` is part of every environment.
 */
export async function serviceSpecs(
  info: StackInfo,
  added: Readonly<Record<string, string>> = {},
): Promise<ServiceSpec[]> {
  const ownEnv: Record<string, Record<string, string>> = {
    ingestion: await ingestionEnv(info),
    notification: {
      WEBHOOK_SECRET_KEYS: secretKeys(info.dir),
      ...webhooksToThisMachine(),
      ...mailsTo(info.instance.ports.mail),
    },
    payments: paymentsEnv(info),
    'payment-provider': providerEnv(info),
    'mail-sink': { SMTP_PORT: String(info.instance.ports.mail), MAIL_FILE: mailFile(info.dir) },
  };
  return serviceProcesses
    .filter(({ name }) => name !== 'mail-sink' || !hasMailServer())
    .map((process) => specOf(info, process, { ...ownEnv[process.name], ...added }));
}

function specOf(info: StackInfo, process: ServiceProcess, ownEnv: Record<string, string>): ServiceSpec {
  const { name, entry, adminPort } = process;
  const port = adminPort(info.instance.ports);
  const ofWorkers = entry === 'services/worker/main.ts' ? workerEnv(info.dir) : {};
  return {
    name,
    entry,
    env: { ...commonEnv(info), ADMIN_PORT: String(port), INSTANCE_ID: name, ...ofWorkers, ...ownEnv },
    adminUrl: `http://127.0.0.1:${port}`,
  };
}

function workerEnv(dir: string): Record<string, string> {
  return { ...workerProcessEnv, PERSONAL_DATA_KEYS: personalDataKeys(dir) };
}

async function ingestionEnv({ dir, instance }: StackInfo): Promise<Record<string, string>> {
  const issuer = await createLocalIssuer(issuerDir({ dir }));
  return {
    HOST: '127.0.0.1',
    PORT: String(instance.ports.ingestion),
    GRPC_PORT: String(instance.ports.ingestionGrpc),
    TICKET_SECRET: ticketSecret(dir),
    WEBHOOK_SECRET_KEYS: secretKeys(dir),
    PERSONAL_DATA_KEYS: personalDataKeys(dir),
    JWKS: issuer.jwksPath,
    JWT_ISSUER: issuer.issuer,
    JWT_AUDIENCE: issuer.audience,
    ...webhooksToThisMachine(),
    ...paymentsEnv({ dir, instance }),
  };
}

type InstanceOf = Pick<StackInfo, 'dir' | 'instance'>;

/** Settings of services that call the local payment provider. */
function paymentsEnv({ dir, instance }: InstanceOf): Record<string, string> {
  const { key, signingSecret } = localPaymentSettings(dir);
  return {
    PAYMENT_LOCAL_URL: `http://127.0.0.1:${instance.ports.paymentProvider}`,
    PAYMENT_LOCAL_KEY: key,
    PAYMENT_LOCAL_CALLBACK_SECRETS: signingSecret,
  };
}

function providerEnv({ dir, instance }: InstanceOf): Record<string, string> {
  const { key, signingSecret, file } = localPaymentSettings(dir);
  return {
    PORT: String(instance.ports.paymentProvider),
    PROVIDER_FILE: file,
    PROVIDER_KEY: key,
    SIGNING_SECRET: signingSecret,
    CALLBACK_URL: `http://127.0.0.1:${instance.ports.ingestion}/v1/payments/callbacks/local`,
  };
}

export const issuerDir = (info: Pick<StackInfo, 'dir'>): string => path.join(info.dir, 'issuer');

function commonEnv(info: StackInfo): Record<string, string> {
  return {
    ...stackEnv(info),
    NODE_ENV: process.env['NODE_ENV'] || 'production',
    LOG_LEVEL: process.env['LOG_LEVEL'] || 'info',
  };
}

/** Webhook receivers of a local run are on this machine. Other installations refuse such addresses. */
function webhooksToThisMachine(): Record<string, string> {
  return { WEBHOOK_ALLOW_ADDRESSES: process.env['WEBHOOK_ALLOW_ADDRESSES'] || '127.0.0.0/8' };
}

/** The mbox file with the mails of a local run. */
export const mailFile = (dir: string): string => path.join(dir, 'mail', 'inbox.mbox');

const hasMailServer = (): boolean => Boolean(process.env['SMTP_URL']);

function mailsTo(port: number): Record<string, string> {
  return {
    SMTP_URL: process.env['SMTP_URL'] || `smtp://127.0.0.1:${port}`,
    SMTP_FROM: process.env['SMTP_FROM'] || 'orders@orderstream.localhost',
  };
}

/**
 * The keys from the environment, or keys that the instance keeps. They must decrypt the secrets in the
 * database.
 */
function secretKeys(dir: string): string {
  return process.env['WEBHOOK_SECRET_KEYS'] || localSecretKeys(dir);
}

/** The keys from the environment, or keys that the instance keeps. Set it to an empty text to seal nothing. */
function personalDataKeys(dir: string): string {
  return process.env['PERSONAL_DATA_KEYS'] ?? localPersonalDataKeys(dir);
}

/** The instance keeps the secret, so that tickets stay valid after a restart. */
function ticketSecret(dir: string): string {
  const file = path.join(dir, 'ticket-secret');
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString('hex'), { mode: 0o600 });
  return readFileSync(file, 'utf8');
}
