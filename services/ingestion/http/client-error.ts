/** Responds to malformed HTTP on the bare socket and closes it. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { ProblemCode } from '../problems/problem-table.ts';
import { isDraining } from './drain.ts';
import { problemBody } from './problems.ts';

const codes: Readonly<Record<string, ProblemCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TIMEOUT',
  HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE',
};

export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  // The request already has its response. The late bytes are the rest of its body.
  if (isDraining(socket)) {
    socket.destroy();
    return;
  }
  // The client would read a second response as a part of the response that has begun.
  if ((socket as Socket & { _httpMessage?: { headersSent?: boolean } })._httpMessage?.headersSent === true) {
    socket.destroy();
    return;
  }
  const code = codes[error.code ?? ''] ?? 'BAD_REQUEST';
  const problem = problemBody(code, { instance: '', traceId: randomBytes(16).toString('hex') });
  const body = JSON.stringify(problem);
  const reason = code.toLowerCase().replaceAll('_', ' ');
  socket.end(
    `HTTP/1.1 ${problem.status} ${reason}\r\ncontent-type: application/problem+json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

/** The fault of a message that Node accepts but that is not valid here. Null for a valid message. */
export function faultOfMessage(message: IncomingMessage): { code: ProblemCode; detail?: string } | null {
  const { rawHeaders, httpVersion, headers } = message;
  const hosts = countHosts(rawHeaders);
  if (hosts === 0 && httpVersion === '1.1')
    return { code: 'BAD_REQUEST', detail: 'The header Host is missing.' };
  // Node silently keeps the first header. A proxy in front of the service may have used the second.
  if (hosts > 1) return { code: 'BAD_REQUEST', detail: 'The header Host occurs more than once.' };
  const { expect } = headers;
  // Node responds to the only expectation that HTTP defines.
  if (expect !== undefined && !/^\s*100-continue\s*$/i.test(expect)) return { code: 'EXPECTATION_FAILED' };
  return null;
}

function countHosts(rawHeaders: readonly string[]): number {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  return hosts;
}
