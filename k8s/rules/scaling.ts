/** Rules about autoscalers and their triggers. */
import { isDeepStrictEqual } from 'node:util';
import { clusterConstants } from '../../loadtest/scaling/constants.ts';
import { metricFaults } from '../../ops/metric-faults.ts';
import type { Facts } from './facts.ts';
import { type Manifest, nameOf } from './render.ts';

const scaleUrl = 'http://observer.orderstream.svc.cluster.local/scale/worker';

/** The limits that `loadtest/scaling` plays. */
const workerLimits = {
  min: clusterConstants.replicasMin,
  max: clusterConstants.replicasMax,
  up: { stabilizationWindowSeconds: 0, policies: [{ type: 'Pods', value: 12, periodSeconds: 15 }] },
  down: { stabilizationWindowSeconds: 60, policies: [{ type: 'Pods', value: 4, periodSeconds: 120 }] },
};

/** The limits of an autoscaler in one form, by its kind. */
const workerScaling: Readonly<Record<string, (object: Manifest) => typeof workerLimits>> = {
  ScaledObject: ({ spec }) => {
    const { scaleUp, scaleDown } = spec.advanced.horizontalPodAutoscalerConfig.behavior;
    return { min: spec.minReplicaCount, max: spec.maxReplicaCount, up: scaleUp, down: scaleDown };
  },
  HorizontalPodAutoscaler: ({ spec: { minReplicas, maxReplicas, behavior } }) => ({
    ...{ min: minReplicas, max: maxReplicas, up: behavior.scaleUp, down: behavior.scaleDown },
  }),
};

export const scalingRules = {
  'triggers name the topic and the group of the product, and fully qualified brokers': (
    objects: readonly Manifest[],
    facts: Facts,
  ): string[] =>
    triggersOf(objects, 'kafka').flatMap(({ topic, consumerGroup, bootstrapServers }) => [
      ...(topic === facts.commandsTopic ? [] : [`the trigger has the topic ${topic}`]),
      ...(consumerGroup === facts.workerGroup ? [] : [`the trigger has the group ${consumerGroup}`]),
      ...bootstrapServers
        .split(',')
        .filter(
          (broker) => !/\.svc\.cluster\.local:\d+$|^[a-z0-9-]+(\.[a-z0-9-]+)+\.[a-z]{2,}:\d+$/.test(broker),
        )
        .map((broker) => `the broker ${broker} is not fully qualified`),
    ]),

  'the number of workers comes from the observer, by a fully qualified name': (
    objects: readonly Manifest[],
  ): string[] => [
    ...triggersOf(objects, 'metrics-api')
      .filter(({ url, valueLocation }) => url !== scaleUrl || valueLocation !== 'workers')
      .map(({ url }) => `the trigger reads ${url}`),
    ...triggersOf(objects, 'prometheus')
      .filter(
        ({ serverAddress, query }) =>
          !/\.svc\.cluster\.local:\d+$/.test(serverAddress) || metricFaults(query).length > 0,
      )
      .map(({ query, serverAddress }) => `the trigger asks ${serverAddress} for ${query}`),
    ...objects
      .filter(({ kind, metadata }) => kind === 'ScaledObject' && metadata.name === 'worker')
      .filter(({ spec }) => !['metrics-api', 'prometheus'].includes(spec.triggers[0].type))
      .map((object) => `${nameOf(object)}: the observer is not asked`),
  ],

  'autoscalers of the workers agree': (objects: readonly Manifest[]): string[] =>
    objects
      .filter(({ kind, metadata }) => metadata.name === 'worker' && kind in workerScaling)
      .filter((object) => !isDeepStrictEqual(workerScaling[object.kind]!(object), workerLimits))
      .map((object) => `${nameOf(object)} has other limits or steps`),

  'an autoscaler that gets no answer removes no pod': (objects: readonly Manifest[]): string[] =>
    objects
      .filter(({ kind, spec }) => kind === 'ScaledObject' && spec.fallback !== undefined)
      .filter(({ spec }) => spec.fallback.behavior !== 'currentReplicasIfHigher')
      .map((object) => `${nameOf(object)}: its fallback is static`),
};

function triggersOf(
  objects: readonly Manifest[],
  type: string,
): Record<
  'topic' | 'consumerGroup' | 'bootstrapServers' | 'url' | 'valueLocation' | 'serverAddress' | 'query',
  string
>[] {
  return objects
    .filter(({ kind }) => kind === 'ScaledObject')
    .flatMap(({ spec }) => spec.triggers)
    .filter((trigger) => trigger.type === type)
    .map(({ metadata }) => metadata);
}
