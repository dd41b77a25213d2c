/** Rules that the manifests of each overlay must keep. Each returns one sentence for each violation. */
import { settingsIn } from '../../services/shared/config/index.ts';
import { certificateRules } from './certificates.ts';
import type { Facts } from './facts.ts';
import { type Manifest, nameOf } from './render.ts';
import { rolloutRules } from './rollouts.ts';
import { scalingRules } from './scaling.ts';
import { schemaProblem } from './schemas.ts';

export type Rule = (objects: readonly Manifest[], facts: Facts) => string[];

export const rules = {
  'each object fits its schema': (objects) =>
    objects.flatMap((object) => {
      const problem = schemaProblem(object);
      return problem === null ? [] : [`${nameOf(object)}: ${problem}`];
    }),

  'each probe uses a port of its container': (objects) =>
    containers(objects).flatMap(({ owner, container }) => {
      const ports = new Set((container.ports ?? []).map(({ name }: { name: string }) => name));
      return ['startupProbe', 'livenessProbe', 'readinessProbe']
        .map((probe) => container[probe]?.httpGet?.port)
        .filter((port) => port !== undefined && !ports.has(port))
        .map((port) => `${nameOf(owner)}: no port ${port}`);
    }),

  'each variable is a setting, and each required setting has a value': (objects, facts) =>
    containers(objects).flatMap(({ owner, container }) => {
      const settings = facts.settings.get(owner.metadata.name);
      if (settings === undefined) return [];
      const known = new Set([
        ...settings.flatMap(({ env, fileEnv }) => [env, fileEnv ?? env]),
        ...nodeVariables,
      ]);
      const { own, shared } = variablesOf(container, objects, facts);
      const given = new Set([...own, ...shared]);
      return [
        ...own.filter((env) => !known.has(env)).map((env) => `${nameOf(owner)}: ${env} is no setting`),
        ...settings
          .filter(
            ({ env, fileEnv, isRequired }) => isRequired && !given.has(env) && !given.has(fileEnv ?? env),
          )
          .map(({ env }) => `${nameOf(owner)}: ${env} has no value`),
      ];
    }),

  'a secret comes from a variable or from a file, never from both': (objects, facts) =>
    containers(objects).flatMap(({ owner, container }) => {
      const settings = facts.settings.get(owner.metadata.name) ?? [];
      const { own, shared } = variablesOf(container, objects, facts);
      const given = new Set([...own, ...shared]);
      return settings
        .filter(({ env, fileEnv }) => fileEnv !== null && given.has(env) && given.has(fileEnv))
        .map(({ env }) => `${nameOf(owner)}: ${env} is set twice`);
    }),

  'each service can read the configuration file': (objects, { settings }) =>
    objects
      .filter(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'orderstream-live')
      .flatMap(({ data }) =>
        [...settings].flatMap(([service, own]) => {
          const fields = Object.fromEntries(own.map(({ env, field }) => [env, field]));
          try {
            const values = settingsIn(data['config.json'], service, fields);
            for (const [env, text] of Object.entries(values)) fields[env]!.read(text);
            return [];
          } catch (error) {
            return [`${service}: ${(error as Error).message}`];
          }
        }),
      ),

  'each mounted volume exists': (objects) =>
    workloads(objects).flatMap((owner) => {
      const { volumes = [], containers: mounting } = owner['spec'].template.spec;
      const names = new Set(volumes.map(({ name }: { name: string }) => name));
      return mounting
        .flatMap(({ volumeMounts = [] }: Container) => volumeMounts)
        .filter(({ name }: { name: string }) => !names.has(name))
        .map(({ name }: { name: string }) => `${nameOf(owner)}: no volume ${name}`);
    }),

  'the heap fits the memory limit': (objects) =>
    containers(objects).flatMap(({ owner, container }) => {
      const heap = /--max-old-space-size=(\d+)/.exec(textOfVariable(container, 'NODE_OPTIONS'))?.[1];
      const limit = /^(\d+)Mi$/.exec(container.resources?.limits?.memory ?? '')?.[1];
      if (limit === undefined) return [`${nameOf(owner)}: no memory limit in Mi`];
      return Number(heap ?? 0) <= Number(limit) / 2
        ? []
        : [`${nameOf(owner)}: a heap of ${heap} MB in ${limit} Mi`];
    }),

  'no job needs an object whose name changes': (objects) =>
    jobs(objects).flatMap((job) =>
      referencesOf(job)
        .filter((name) => /^orderstream-config/.test(name))
        .map((name) => `${nameOf(job)} needs ${name}`),
    ),

  'a job is applied after what it needs, and before the services': (objects) =>
    jobs(objects).flatMap((job) => {
      const wave = waveOf(job);
      const needed = objects.filter(
        ({ kind, metadata }) =>
          kind === 'Namespace' || kind === 'ServiceAccount' || referencesOf(job).includes(metadata.name),
      );
      return [
        ...needed
          .filter((object) => waveOf(object) >= wave)
          .map((object) => `${nameOf(object)} comes too late`),
        ...(wave < 0 ? [] : [`${nameOf(job)} comes with the services`]),
      ];
    }),

  'names and labels have the version of the product': (objects, { version }) => [
    ...jobs(objects)
      .filter(({ metadata }) => !metadata.name.endsWith(`-${version}`))
      .map((job) => `${nameOf(job)} is not named by version ${version}`),
    ...objects
      .filter(({ kind }) => kind === 'Deployment')
      .filter(({ spec }) => spec.template.metadata.labels['app.kubernetes.io/version'] !== version)
      .map((object) => `${nameOf(object)} has another version`),
  ],

  'a deployment has a number of pods or an autoscaler, never both': (objects) => {
    const scaled = new Set(
      objects
        .filter(({ kind }) => kind === 'ScaledObject' || kind === 'HorizontalPodAutoscaler')
        .map(({ spec }) => spec.scaleTargetRef.name),
    );
    return objects
      .filter(({ kind }) => kind === 'Deployment')
      .filter(({ metadata, spec }) => scaled.has(metadata.name) === (spec.replicas !== undefined))
      .map((object) => `${nameOf(object)}: ${object['spec'].replicas ?? 'no'} replicas`);
  },

  'pods run without rights that they do not need': (objects) =>
    workloads(objects).flatMap((owner) => {
      const pod = owner['spec'].template.spec;
      const isBare = pod.securityContext?.runAsNonRoot === true && pod.automountServiceAccountToken === false;
      const isClosed = pod.containers.every(
        ({ securityContext: context }: Manifest) =>
          context?.allowPrivilegeEscalation === false &&
          context.readOnlyRootFilesystem === true &&
          context.capabilities?.drop?.includes('ALL'),
      );
      return isBare && isClosed ? [] : [`${nameOf(owner)} has more rights than it needs`];
    }),

  'a pod that is not ready never blocks a drain': (objects) =>
    objects
      .filter(
        ({ kind, spec }) =>
          kind === 'PodDisruptionBudget' && spec.unhealthyPodEvictionPolicy !== 'AlwaysAllow',
      )
      .map(nameOf),

  'no image is named latest': (objects) =>
    containers(objects)
      .filter(({ container }) => !/:[^:/]+$/.test(container.image) || container.image.endsWith(':latest'))
      .map(({ owner, container }) => `${nameOf(owner)}: ${container.image}`),

  'each object is in the namespace of the product, and says that it belongs to it': (objects) =>
    objects.flatMap((object) => {
      const { labels, namespace } = object.metadata;
      // Strimzi looks for its objects beside the Kafka cluster.
      const wanted = object.apiVersion.startsWith('kafka.strimzi.io/') ? 'kafka' : 'orderstream';
      return [
        ...(object.kind === 'Namespace' || namespace === wanted
          ? []
          : [`${nameOf(object)} is in ${namespace}`]),
        ...(labels?.['app.kubernetes.io/part-of'] === 'orderstream'
          ? []
          : [`${nameOf(object)} has no label`]),
      ];
    }),

  'each container starts a program of the image, as its user': (objects, { programs, imageUser }) => [
    ...containers(objects)
      .filter(({ container }) => container.command !== undefined || !programs.includes(container.args?.[0]))
      .map(({ owner, container }) => `${nameOf(owner)} starts ${container.args?.[0]}`),
    ...workloads(objects)
      .filter((owner) => owner['spec'].template.spec.securityContext?.runAsUser !== imageUser)
      .map((owner) => `${nameOf(owner)} runs as another user`),
  ],

  'pods of a deployment spread over zones and nodes': (objects) =>
    objects
      .filter(({ kind }) => kind === 'Deployment')
      .filter(({ spec }) => {
        const keys = spec.template.spec.topologySpreadConstraints?.map(
          ({ topologyKey }: Container) => topologyKey,
        );
        return !keys?.includes('topology.kubernetes.io/zone') || !keys.includes('kubernetes.io/hostname');
      })
      .map(nameOf),

  ...rolloutRules,
  ...scalingRules,
  ...certificateRules,
} satisfies Record<string, Rule>;

/** Variables of Node and of the allocator. */
const nodeVariables = ['NODE_OPTIONS', 'MALLOC_ARENA_MAX', 'NODE_ENV'];

function jobs(objects: readonly Manifest[]): Manifest[] {
  return objects.filter(({ kind }) => kind === 'Job');
}

function workloads(objects: readonly Manifest[]): Manifest[] {
  return objects.filter(({ kind }) => kind === 'Deployment' || kind === 'Job');
}

// biome-ignore lint/suspicious/noExplicitAny: the schema rule checks the shape.
type Container = any;

function containers(objects: readonly Manifest[]): { owner: Manifest; container: Container }[] {
  return workloads(objects).flatMap((owner) =>
    owner['spec'].template.spec.containers.map((container: Container) => ({ owner, container })),
  );
}

function textOfVariable(container: Container, name: string): string {
  return container.env?.find((each: { name: string }) => each.name === name)?.value ?? '';
}

/** Names of the configuration and secrets that a workload reads. */
function referencesOf(owner: Manifest): string[] {
  return owner['spec'].template.spec.containers.flatMap(({ envFrom = [] }: Container) =>
    envFrom.map((source: Container) => source.configMapRef?.name ?? source.secretRef?.name),
  );
}

function waveOf({ metadata }: Manifest): number {
  return Number(metadata.annotations?.['argocd.argoproj.io/sync-wave'] ?? 0);
}

/** The variables of the container itself, and those of the objects that it shares with other containers. */
function variablesOf(container: Container, objects: readonly Manifest[], { secrets }: Facts) {
  const own: string[] = (container.env ?? []).map(({ name }: { name: string }) => name);
  const shared: string[] = (container.envFrom ?? []).flatMap((source: Container): readonly string[] => {
    if (source.secretRef !== undefined) return secrets.get(source.secretRef.name) ?? [];
    const map = objects.find(
      ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === source.configMapRef.name,
    );
    return Object.keys(map?.['data'] ?? {});
  });
  return { own, shared };
}
