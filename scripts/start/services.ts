import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createLocalIssuer } from '../../services/shared/auth/index.ts';
import { workerProcessEnv } from '../../services/worker/process-env.ts';
import { type StackInfo, stackEnv } from '../../stack/index.ts';

/** One process of the product: what to run, with which environment, and where it says that it is ready. */
export interface ServiceSpec {
  name: string;
  entry: string;
  env: Record<string, string>;
  adminUrl: string;
}

const WORKERS = 2;

/** The processes of a local run: those of the product, and a mail server unless you name one. Keys and secrets are made at first use, in the instance's own folder. */
export async function serviceSpecs(info: StackInfo): Promise<ServiceSpec[]> {
  const { ports } = info.instance;
  const issuer = await createLocalIssuer(issuerDir(info));
  const ingestionEnv = {
    HOST: '127.0.0.1',
    PORT: String(ports.ingestion),
    TICKET_SECRET: ticketSecret(info.dir),
    JWKS: issuer.jwksPath,
    JWT_ISSUER: issuer.issuer,
    JWT_AUDIENCE: issuer.audience,
    ...webhooksToThisMachine(),
  };
  const spec = (
    name: string,
    service: string,
    port: number,
    extra: Record<string, string> = {},
  ): ServiceSpec => ({
    name,
    entry: `services/${service}/main.ts`,
    env: { ...commonEnv(info), ADMIN_PORT: String(port), INSTANCE_ID: name, ...extra },
    adminUrl: `http://127.0.0.1:${port}`,
  });
  const mailSink: ServiceSpec = {
    name: 'mail-sink',
    entry: 'scripts/start/mail-sink.ts',
    env: {
      SMTP_PORT: String(ports.mail),
      MAIL_FILE: mailFile(info.dir),
      ADMIN_PORT: String(ports.mailAdmin),
      INSTANCE_ID: 'mail-sink',
    },
    adminUrl: `http://127.0.0.1:${ports.mailAdmin}`,
  };
  return [
    ...(hasMailServer() ? [] : [mailSink]),
    ...Array.from({ length: WORKERS }, (_, index) =>
      spec(`worker-${index + 1}`, 'worker', ports.workerAdmin + index, workerProcessEnv),
    ),
    spec('notification', 'notification', ports.notificationAdmin, {
      ...webhooksToThisMachine(),
      ...mailsTo(ports.mail),
    }),
    spec('reconciliation', 'reconciliation', ports.reconciliationAdmin),
    spec('projector', 'projector', ports.projectorAdmin),
    spec('ingestion', 'ingestion', ports.ingestionAdmin, ingestionEnv),
  ];
}

export const issuerDir = (info: StackInfo): string => path.join(info.dir, 'issuer');

function commonEnv(info: StackInfo): Record<string, string> {
  return {
    ...stackEnv(info),
    NODE_ENV: process.env['NODE_ENV'] || 'production',
    LOG_LEVEL: process.env['LOG_LEVEL'] || 'info',
  };
}

/** A receiver to try webhooks with runs beside us, at an address that is refused everywhere else. */
function webhooksToThisMachine(): Record<string, string> {
  return { WEBHOOK_ALLOW_ADDRESSES: process.env['WEBHOOK_ALLOW_ADDRESSES'] || '127.0.0.0/8' };
}

/** Where the mails of a local run are kept, as an mbox. */
export const mailFile = (dir: string): string => path.join(dir, 'mail', 'inbox.mbox');

const hasMailServer = (): boolean => Boolean(process.env['SMTP_URL']);

function mailsTo(port: number): Record<string, string> {
  return {
    SMTP_URL: process.env['SMTP_URL'] || `smtp://127.0.0.1:${port}`,
    SMTP_FROM: process.env['SMTP_FROM'] || 'orders@orderstream.localhost',
  };
}

/** Tickets that were handed out stay good over a restart, so the secret is kept. */
function ticketSecret(dir: string): string {
  const file = path.join(dir, 'ticket-secret');
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString('hex'), { mode: 0o600 });
  return readFileSync(file, 'utf8');
}
