/** Rules about the files of certificates that pods read, and about the protocol of the API. */
import type { Manifest } from './render.ts';

interface Mount {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
}

interface Container {
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly envFrom?: readonly { readonly configMapRef?: { readonly name: string } }[];
  readonly volumeMounts?: readonly Mount[];
}

interface Volume {
  readonly name: string;
}

const backendProtocol = 'nginx.ingress.kubernetes.io/backend-protocol';

export const certificateRules = {
  'each file that a setting names is in a mounted volume': (objects: readonly Manifest[]): string[] =>
    podsOf(objects).flatMap(({ owner, volumes, container }) => {
      const names = new Set(volumes.map(({ name }) => name));
      const mounts = (container.volumeMounts ?? []).filter(
        ({ name, readOnly }) => names.has(name) && readOnly,
      );
      return filesOf(container, objects)
        .filter(([, file]) => !mounts.some(({ mountPath }) => file.startsWith(`${mountPath}/`)))
        .map(([env, file]) => `${owner}: ${env} names ${file}, which is in no volume that is only read`);
    }),

  'the ingress and the service speak the protocol of the API': (objects: readonly Manifest[]): string[] => {
    const api = podsOf(objects).find(({ owner }) => owner === 'Deployment ingestion');
    const isSecure = api?.container.env?.some(({ name }) => name === 'TLS_CERT') === true;
    const ingress = objects.filter(({ kind }) => kind === 'Ingress');
    const ports = objects
      .filter(({ kind }) => kind === 'Service')
      .flatMap(({ spec }) => spec.ports as { readonly appProtocol?: string }[]);
    return [
      ...ingress
        .filter(({ metadata }) => (metadata.annotations?.[backendProtocol] === 'HTTPS') !== isSecure)
        .map(({ metadata }) => `Ingress ${metadata.name} speaks another protocol than the API`),
      ...ports
        .filter(({ appProtocol }) => isSecure && appProtocol === 'kubernetes.io/h2c')
        .map(() => 'a port has h2c, which is without TLS'),
    ];
  },
};

function podsOf(
  objects: readonly Manifest[],
): { owner: string; volumes: readonly Volume[]; container: Container }[] {
  return objects
    .filter(({ kind }) => kind === 'Deployment' || kind === 'Job')
    .flatMap(({ kind, metadata, spec }) => {
      const pod = spec.template.spec as { containers: Container[]; volumes?: Volume[] };
      return pod.containers.map((container) => ({
        owner: `${kind} ${metadata.name}`,
        volumes: pod.volumes ?? [],
        container,
      }));
    });
}

/** Variables of a container whose value is a path, also those of its configuration. */
function filesOf({ env = [], envFrom = [] }: Container, objects: readonly Manifest[]): [string, string][] {
  const own = env.map(({ name, value = '' }): [string, string] => [name, value]);
  const shared = envFrom.flatMap(({ configMapRef }) => {
    const map = objects.find(
      ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === configMapRef?.name,
    );
    return Object.entries((map?.['data'] ?? {}) as Record<string, string>);
  });
  return [...own, ...shared].filter(([, value]) => value.startsWith('/'));
}
