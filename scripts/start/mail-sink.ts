/** The mail server of a local run. It appends every mail to one file that any mail reader can open (mbox). */
import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { int, str } from '../../services/shared/config/index.ts';
import { runService } from '../../services/shared/lifecycle/index.ts';
import { startMailSink } from '../../stack/index.ts';

/** Above this size the file is renamed and replaces the previously renamed file. */
const FILE_BYTES_MAX = 16 * 1024 * 1024;

const fields = {
  port: int('SMTP_PORT', { default: 0, max: 65535, help: 'Port of the mail server.' }),
  file: str('MAIL_FILE', { help: 'Where mails are appended.' }),
};

await runService({
  name: 'mail-sink',
  env: process.env,
  fields,
  async start({ config: { port, file }, log }) {
    mkdirSync(path.dirname(file), { recursive: true });
    const sink = await startMailSink({ port, onMail: (text) => append(file, text) });
    log.info({ url: sink.url, file }, 'the mail server is listening and writes mails to a file');
    return { stop: () => sink.close() };
  },
});

function append(file: string, text: string): void {
  const bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (bytes > FILE_BYTES_MAX) renameSync(file, file.replace(/(\.mbox)?$/, '.before.mbox'));
  const lines = text.replaceAll('\r\n', '\n').replaceAll(/^(>*From )/gm, '>$1');
  appendFileSync(file, `From orderstream ${new Date().toUTCString()}\n${lines.trimEnd()}\n\n`);
}
