/** Validates each object by the schema of its kind. */
import * as argo from '@kubernetes-models/argo-rollouts/argoproj.io/v1alpha1';
import * as keda from '@kubernetes-models/keda/keda.sh/v1alpha1';
import * as monitoring from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
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

/** What is wrong with the object; null if it fits its schema. */
export function schemaProblem(manifest: Manifest): string | null {
  const model = models[manifest.apiVersion]?.[manifest.kind] as Model | undefined;
  if (model === undefined) return `no schema for ${manifest.apiVersion} ${manifest.kind}`;
  try {
    new model(manifest as never).validate();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
