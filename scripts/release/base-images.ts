/** The base images of the Dockerfile, and their digests. */
import { lookUpDigest, parseImage } from './registry.ts';

const from = /(?<=^FROM (?:--platform=\S+ )?)([^\s@]+:[^\s@]+)(?:@sha256:[0-9a-f]{64})?(?= AS |$)/gm;

/** The base images by tag, without their digests. Stages that build on another stage have none. */
export function baseImages(dockerfile: string): string[] {
  return [...new Set([...dockerfile.matchAll(from)].map(([, image]) => image!))];
}

/** The digest of each base image, as its registry has it now. @throws Error if one cannot be looked up */
export async function lookUpAll(images: readonly string[], mirror?: string): Promise<Map<string, string>> {
  const digests = images.map(
    async (image) => [image, await lookUpDigest(parseImage(image), mirror)] as const,
  );
  return new Map(await Promise.all(digests));
}

/** The Dockerfile with the digest behind each tag. The tag stays, for people and for tools that update it. */
export function pinned(dockerfile: string, digests: ReadonlyMap<string, string>): string {
  return dockerfile.replace(from, (_all, image: string) => `${image}@${digests.get(image)}`);
}
