import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { StackError } from '../errors.ts';
import { versions } from './versions.ts';

const run = promisify(execFile);

/** The path of a Java that is new enough, from JAVA_HOME or PATH. Throws StackError with one clear sentence. */
export async function findJava(): Promise<string> {
  const home = process.env['JAVA_HOME'];
  const ofHome = home ? path.join(home, 'bin', 'java') : '';
  const command = ofHome && existsSync(ofHome) ? ofHome : 'java';
  const wanted = versions.java.minimumMajor;
  const needed = `Java ${wanted} or newer is needed for Kafka and the schema registry`;
  const { stderr } = await run(command, ['-version']).catch((cause) => {
    throw new StackError(`${needed} and was not found; install a JRE ${wanted} or newer.`, { cause });
  });
  const found = /version "(\d+)(?:\.(\d+))?/.exec(stderr);
  const major = found?.[1] === '1' ? Number(found[2]) : Number(found?.[1] ?? 0);
  if (major < wanted) {
    throw new StackError(`${needed}; the one found here is ${major || 'of an unknown version'}.`);
  }
  return command;
}
