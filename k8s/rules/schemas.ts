/** Validates each object by the schema of its kind. */
import * as argo from '@kubernetes-models/argo-rollouts/argoproj.io/v1alpha1';
import * as keda from '@kubernetes-models/keda/keda.sh/v1alpha1';
import * as monitoring from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import { Ajv } from 'ajv';
import * as apps from 'kubernetes-models/apps/v1';
import * as autoscaling from 'kubernetes-models/autoscaling/v2';
import * as batch from 'kubernetes-models/batch/v1';
import * as networking from 'kubernetes-models/networking.k8s.io/v1';
import * as policy from 'kubernetes-models/policy/v1';
import * as core from 'kubernetes-models/v1';
import type { Manifest } from './render.ts';

type Model = new (object: never) => { validate(): void };

const models: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  v1: core,
  'apps/v1': apps,
  'autoscaling/v2': autoscaling,
  'batch/v1': batch,
  'networking.k8s.io/v1': networking,
  'policy/v1': policy,
  'argoproj.io/v1alpha1': argo,
  'keda.sh/v1alpha1': keda,
  'monitoring.coreos.com/v1': monitoring,
};

/** No package has models of Strimzi. These are the fields that we use, by the definitions of Strimzi 0.49 and newer (`kafka.strimzi.io/v1`). */
const strimzi: Readonly<Record<string, object>> = {
  KafkaTopic: {
    type: 'object',
    required: ['partitions', 'replicas', 'config'],
    additionalProperties: false,
    properties: {
      topicName: { type: 'string' },
      partitions: { type: 'integer', minimum: 1 },
      replicas: { type: 'integer', minimum: 1, maximum: 32_767 },
      config: { type: 'object' },
    },
  },
  KafkaUser: {
    type: 'object',
    required: ['authentication', 'authorization'],
    additionalProperties: false,
    properties: {
      authentication: { properties: { type: { enum: ['tls', 'tls-external', 'scram-sha-512'] } } },
      authorization: {
        required: ['type', 'acls'],
        properties: {
          type: { const: 'simple' },
          acls: {
            items: {
              required: ['resource', 'operations'],
              additionalProperties: false,
              properties: {
                resource: {
                  required: ['type', 'name', 'patternType'],
                  properties: {
                    type: { enum: ['topic', 'group', 'cluster', 'transactionalId'] },
                    patternType: { enum: ['literal', 'prefix'] },
                  },
                },
                operations: {
                  items: {
                    enum: ['Read', 'Write', 'Create', 'Alter', 'Describe', 'AlterConfigs', 'DescribeConfigs'],
                  },
                },
              },
            },
          },
        },
      },
    },
  },
};

/** What is wrong with the object; null if it fits its schema. */
export function schemaProblem(manifest: Manifest): string | null {
  if (manifest.apiVersion === 'kafka.strimzi.io/v1') return strimziProblem(manifest);
  const model = models[manifest.apiVersion]?.[manifest.kind] as Model | undefined;
  if (model === undefined) return `no schema for ${manifest.apiVersion} ${manifest.kind}`;
  try {
    new model(manifest as never).validate();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

function strimziProblem({ kind, spec }: Manifest): string | null {
  const schema = strimzi[kind];
  if (schema === undefined) return `no schema for ${kind}`;
  const ajv = new Ajv({ strict: false });
  return ajv.validate(schema, spec) ? null : ajv.errorsText();
}
