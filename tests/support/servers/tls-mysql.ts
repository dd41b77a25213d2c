/** A separate database server that uses TLS with a given certificate. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { RowDataPacket } from 'mysql2/promise';
import { until } from '../until.ts';
import type { Certificate } from './certificates.ts';
import { type OwnMysql, startOwnMysql } from './own-mysql.ts';

export interface TlsMysql {
  readonly server: OwnMysql;
  /** Restarts the server on the same data with another certificate. With null it has no TLS. */
  present(certificate: Certificate | null): Promise<void>;
  close(): Promise<void>;
}

const readyMs = 60_000;

export async function startTlsMysql(room: string): Promise<TlsMysql> {
  const server = await startOwnMysql(room);
  const db = await server.connect();
  const [rows] = await db.query<RowDataPacket[]>('SELECT @@pid_file AS pidFile');
  db.destroy();
  const [program, ...args] = commandOf(readFileSync(rows[0]!['pidFile'], 'utf8').trim());
  let running: ChildProcess | undefined;

  const stop = async (): Promise<void> => {
    const gone = running === undefined ? undefined : new Promise((resolve) => running!.once('exit', resolve));
    if (running === undefined) await server.asRoot('SHUTDOWN');
    else running.kill('SIGTERM');
    await gone;
    await until(async () => !(await answers(server)), { what: 'the server is gone' });
  };
  return {
    server,
    async present(certificate) {
      await stop();
      const tls =
        certificate === null
          ? []
          : ['--loose-ssl=1', `--ssl-cert=${certificate.cert}`, `--ssl-key=${certificate.key}`];
      running = spawn(program, [...args, ...tls], { stdio: 'ignore' });
      await until(() => answers(server), { what: 'the server answers', deadlineMs: readyMs });
    },
    async close() {
      await stop();
      await server.close();
    },
  };
}

/** Program and arguments of a process. */
function commandOf(pid: string): [program: string, ...args: string[]] {
  const known = `/proc/${pid}/cmdline`;
  const words = existsSync(known)
    ? readFileSync(known, 'utf8').split('\0').filter(Boolean)
    : execFileSync('ps', ['-o', 'args=', '-p', pid], { encoding: 'utf8' })
        .trim()
        .split(/ (?=--)/);
  return words as [string, ...string[]];
}

/** The URL without encryption, which the server accepts beside TLS. */
async function answers(server: OwnMysql): Promise<boolean> {
  try {
    const db = await server.connect();
    db.destroy();
    return true;
  } catch {
    return false;
  }
}
