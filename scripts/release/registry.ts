/** Looks up the digest of an image by its tag, through the API of its registry. */
import { createHash } from 'node:crypto';

export interface ImageReference {
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
}

const timeoutMs = 30_000;
const indexTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** Reads `node:26`, `owner/name:tag` or `host/path:tag`. A digest behind it is ignored. @throws Error without a tag */
export function parseImage(text: string): ImageReference {
  const match = /^(?:([^/]+[.:][^/]*|localhost)\/)?([a-z0-9._/-]+):([\w.-]+)(?:@sha256:[0-9a-f]{64})?$/.exec(
    text,
  );
  if (match === null) throw new Error(`${text} is no image with a tag`);
  const [, registry, name, tag] = match;
  if (registry !== undefined) return { registry, repository: name!, tag: tag! };
  const repository = name!.includes('/') ? name! : `library/${name}`;
  return { registry: 'registry-1.docker.io', repository, tag: tag! };
}

/**
 * The digest that the tag has now, such as `sha256:…`. Checks that it is the hash of the manifest.
 *
 * @param mirror address of a registry that has the same images, in place of that of the image
 * @throws Error if the registry does not answer, refuses, or sends another digest than that of its answer
 */
export async function lookUpDigest(image: ImageReference, mirror?: string): Promise<string> {
  const base = mirror ?? `https://${image.registry}`;
  const url = `${base}/v2/${image.repository}/manifests/${image.tag}`;
  const first = await get(url, { accept: indexTypes });
  const challenge = first.headers.get('www-authenticate');
  const answer =
    first.status === 401 && challenge !== null
      ? await get(url, { accept: indexTypes, authorization: `Bearer ${await tokenFor(challenge)}` })
      : first;
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}`);
  const digest = `sha256:${createHash('sha256')
    .update(Buffer.from(await answer.arrayBuffer()))
    .digest('hex')}`;
  const named = answer.headers.get('docker-content-digest');
  if (named !== null && named !== digest)
    throw new Error(`${url} names ${named}, but its answer has ${digest}`);
  return digest;
}

/** Registries give an anonymous token for reading. */
async function tokenFor(challenge: string): Promise<string> {
  const parts = new Map([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key!, value!]));
  const url = new URL(parts.get('realm') ?? '');
  for (const key of ['service', 'scope']) if (parts.has(key)) url.searchParams.set(key, parts.get(key)!);
  const answer = await get(url.href, {});
  if (!answer.ok) throw new Error(`${url.origin} gives no token: ${answer.status}`);
  const { token, access_token: accessToken } = (await answer.json()) as Record<string, string | undefined>;
  const found = token ?? accessToken;
  if (found === undefined) throw new Error(`${url.origin} gives no token`);
  return found;
}

async function get(url: string, headers: Record<string, string>): Promise<Response> {
  try {
    return await fetch(url, { headers, signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    throw new Error(`${url} does not answer`, { cause: error });
  }
}
