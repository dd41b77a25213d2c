/** Rules about canaries: rollouts of Argo Rollouts, and the queries by which they stop. */
import { metricFaults } from '../../ops/metric-faults.ts';
import type { Facts } from './facts.ts';
import type { Manifest } from './render.ts';

interface Argument {
  readonly name: string;
  readonly value?: string;
}

interface Analysis {
  readonly templates: readonly { readonly templateName: string }[];
  readonly args?: readonly Argument[];
}

interface Metric {
  readonly name: string;
  readonly provider: { readonly prometheus: { readonly query: string } };
}

export const rolloutRules = {
  'an autoscaler scales the rollout of its pods': (objects: readonly Manifest[]): string[] => {
    const rolled = new Set(rolloutsOf(objects).map(({ spec }) => spec.workloadRef.name));
    return objects
      .filter(({ kind }) => kind === 'ScaledObject' || kind === 'HorizontalPodAutoscaler')
      .filter(({ spec: { scaleTargetRef } }) => rolled.has(scaleTargetRef.name))
      .filter(({ spec: { scaleTargetRef } }) => scaleTargetRef.kind !== 'Rollout')
      .map(({ kind, metadata }) => `${kind} ${metadata.name} scales the deployment`);
  },

  'a rollout has the labels of its deployment, and an analysis of this version': (
    objects: readonly Manifest[],
    { version }: Facts,
  ): string[] =>
    rolloutsOf(objects).flatMap((rollout) => {
      const { name } = rollout.metadata;
      const { workloadRef, selector, strategy } = rollout['spec'];
      const deployment = objects.find(
        ({ kind, metadata }) => kind === 'Deployment' && metadata.name === workloadRef.name,
      );
      if (deployment === undefined) return [`Rollout ${name} has no deployment`];
      const isSame = JSON.stringify(selector) === JSON.stringify(deployment['spec'].selector);
      return [
        ...(isSame ? [] : [`Rollout ${name} selects other pods than its deployment`]),
        ...analysisFaults(name, strategy.canary.analysis, objects, version),
      ];
    }),

  'each analysis reads metrics of the product': (objects: readonly Manifest[]): string[] =>
    templatesOf(objects).flatMap((template) =>
      (template['spec'].metrics as Metric[]).flatMap(({ name, provider }) =>
        metricFaults(provider.prometheus.query).map((fault) => `${name}: ${fault}`),
      ),
    ),
};

function analysisFaults(
  name: string,
  analysis: Analysis | undefined,
  objects: readonly Manifest[],
  version: string,
): string[] {
  const given = new Map(analysis?.args?.map((one) => [one.name, one.value]));
  const templates = templatesOf(objects).filter(({ metadata }) =>
    analysis?.templates.some(({ templateName }) => templateName === metadata.name),
  );
  const missing = templates
    .flatMap(({ spec }) => spec.args as Argument[])
    .filter((argument) => argument.value === undefined && !given.has(argument.name));
  return [
    ...(templates.length > 0 ? [] : [`Rollout ${name} has no analysis`]),
    ...missing.map((argument) => `Rollout ${name}: the analysis gets no ${argument.name}`),
    ...(given.get('version') === version ? [] : [`Rollout ${name}: the analysis is of another version`]),
  ];
}

function rolloutsOf(objects: readonly Manifest[]): Manifest[] {
  return objects.filter(({ kind }) => kind === 'Rollout');
}

function templatesOf(objects: readonly Manifest[]): Manifest[] {
  return objects.filter(({ kind }) => kind === 'AnalysisTemplate');
}
