/** A rebuilt schema registry. Commands have another id, and their old id belongs to another schema. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { COMMANDS_SUBJECT } from '../../../schemas/index.ts';

export interface RebuiltRegistry {
  readonly url: string;
  close(): Promise<void>;
}

const newId = 900_000;
const foreign = {
  type: 'record',
  name: 'Parcel',
  fields: [{ name: 'weights', type: { type: 'map', values: 'int' } }],
};

/**
 * Runs in front of a real registry and forwards everything except the ids of commands; `oldId` is their
 * previous id.
 */
export async function startRebuiltRegistry(realUrl: string, oldId: number): Promise<RebuiltRegistry> {
  const server = createServer(async (request, response) => {
    const path = request.url ?? '';
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const asked = path === `/schemas/ids/${newId}` ? `/schemas/ids/${oldId}` : path;
    const answer = await fetch(`${realUrl}${asked}`, {
      method: request.method ?? 'GET',
      headers: { 'content-type': request.headers['content-type'] ?? 'application/json' },
      ...(request.method === 'GET' ? {} : { body: Buffer.concat(chunks) }),
    });
    const body: unknown =
      path === `/schemas/ids/${oldId}` ? { schema: JSON.stringify(foreign) } : await answer.json();
    const isOfCommands = path.includes(COMMANDS_SUBJECT);
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isOfCommands ? withNewId(body, oldId) : body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function withNewId(body: unknown, oldId: number): unknown {
  if (typeof body !== 'object' || body === null || !('id' in body) || body.id !== oldId) return body;
  return { ...body, id: newId };
}
