/** Renders an overlay to its objects, as `kubectl apply -k` would send them. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: each kind has its own shape, which the schema rule checks.
  readonly [field: string]: any;
}

/** Folders of what is rendered. The variants use the components that no overlay uses. */
export const overlays = [
  'overlays/dev',
  'overlays/staging',
  'overlays/prod',
  'overlays/canary',
  'overlays/tls',
  'rules/variants/prometheus',
  'rules/variants/hpa',
] as const;

const k8s = path.resolve(import.meta.dirname, '..');
/** Used where kubectl is not installed but Go is. */
const kustomizeModule = 'sigs.k8s.io/kustomize/kustomize/v5@v5.8.3';

/** The objects of an overlay. Throws if neither kubectl nor Go is installed, or if the overlay is wrong. */
export function render(overlay: string): Manifest[] {
  const folder = path.join(k8s, overlay);
  const text = firstFound([
    ['kubectl', 'kustomize', folder],
    ['go', 'run', kustomizeModule, 'build', folder],
  ]);
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}

/** The output of the first program that is installed. */
function firstFound(programs: readonly (readonly [string, ...string[]])[]): string {
  for (const [program, ...args] of programs) {
    try {
      return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  throw new Error(`install one of: ${programs.map(([program]) => program).join(', ')}`);
}

/** `Deployment worker`, for example. */
export function nameOf({ kind, metadata }: Manifest): string {
  return `${kind} ${metadata.name}`;
}
