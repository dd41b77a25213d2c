/** A schema registry that does not have one id of a schema until a test adds it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface LateRegistry {
  readonly url: string;
  /** From now on `lateId` is another id of the schema `realId`. */
  learn(): void;
  close(): Promise<void>;
}

/** Runs in front of a real registry and forwards everything except `lateId`. */
export async function startLateRegistry(
  realUrl: string,
  { lateId, realId }: { lateId: number; realId: number },
): Promise<LateRegistry> {
  let isKnown = false;
  const server = createServer(async (request, response) => {
    const asked = request.url ?? '';
    const isLate = isKnown && asked.startsWith(`/schemas/ids/${lateId}`);
    const path = isLate ? `/schemas/ids/${realId}` : asked;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const answer = await fetch(realUrl.replace(/\/$/, '') + path, {
      method: request.method ?? 'GET',
      headers: { 'content-type': request.headers['content-type'] ?? 'application/json' },
      ...(request.method === 'GET' ? {} : { body: Buffer.concat(chunks) }),
    });
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    learn() {
      isKnown = true;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
