import { beforeAll, describe, expect, it } from 'vitest';
import { type Facts, readFacts } from './facts.ts';
import { type Manifest, overlays, render } from './render.ts';
import { type Rule, rules } from './rules.ts';

let facts: Facts;
beforeAll(async () => {
  facts = await readFacts();
});

describe.each(overlays)('the overlay %s', (overlay) => {
  const objects = render(overlay);

  it.each(Object.entries<Rule>(rules))('%s', (_name, rule) => {
    expect(rule(objects, facts)).toEqual([]);
  });

  it('has a deployment for every service', () => {
    const deployed = objects.filter(({ kind }) => kind === 'Deployment').map(({ metadata }) => metadata.name);
    expect(deployed.toSorted()).toEqual([...facts.settings.keys()].toSorted());
  });
});

// biome-ignore lint/suspicious/noExplicitAny: each fault changes another field.
type Change = (object: any) => void;

/** For each rule one manifest with the fault that the rule guards against. */
const faults: Readonly<Record<keyof typeof rules, readonly [kind: string, name: string, change: Change]>> = {
  'each object fits its schema': [
    'Deployment',
    'worker',
    ({ spec }) => (spec.revisionHistoryLimit = 'three'),
  ],
  'each probe uses a port of its container': [
    'Deployment',
    'worker',
    ({ spec }) => (spec.template.spec.containers[0].livenessProbe.httpGet.port = 'metrics'),
  ],
  'each variable is a setting, and each required setting has a value': [
    'Deployment',
    'ingestion',
    ({ spec }) => spec.template.spec.containers[0].env.push({ name: 'TICKET_SECRETT', value: 'x' }),
  ],
  'a secret comes from a variable or from a file, never from both': [
    'Deployment',
    'ingestion',
    ({ spec }) => spec.template.spec.containers[0].env.push({ name: 'TICKET_SECRET', value: 'x' }),
  ],
  'each service can read the configuration file': [
    'ConfigMap',
    'orderstream-live',
    ({ data }) => (data['config.json'] = '{"ingestion": {"RATE_ORDERS_PER_SECOND": "many"}}'),
  ],
  'each mounted volume exists': ['Deployment', 'worker', ({ spec }) => (spec.template.spec.volumes = [])],
  'triggers name the topic and the group of the product, and fully qualified brokers': [
    'ScaledObject',
    'worker',
    ({ spec }) => (spec.triggers[1].metadata.bootstrapServers = 'kafka-0.kafka:9092'),
  ],
  'the number of workers comes from the observer, by a fully qualified name': [
    'ScaledObject',
    'worker',
    ({ spec }) => (spec.triggers[0].metadata.url = 'http://observer/scale/worker'),
  ],
  'autoscalers of the workers agree': [
    'ScaledObject',
    'worker',
    ({ spec }) => (spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleUp.policies[0].value = 1),
  ],
  'an autoscaler that gets no answer removes no pod': [
    'ScaledObject',
    'worker',
    ({ spec }) => (spec.fallback = { failureThreshold: 3, replicas: 4 }),
  ],
  'the heap fits the memory limit': [
    'Deployment',
    'worker',
    ({ spec }) => (spec.template.spec.containers[0].resources.limits.memory = '256Mi'),
  ],
  'no job needs an object whose name changes': [
    'Job',
    'setup',
    ({ spec }) => (spec.template.spec.containers[0].envFrom[0].configMapRef.name = 'orderstream-config-7h2k'),
  ],
  'a job is applied after what it needs, and before the services': [
    'ServiceAccount',
    'orderstream',
    ({ metadata }) => (metadata.annotations = {}),
  ],
  'names and labels have the version of the product': [
    'Job',
    'setup',
    ({ metadata }) => (metadata.name = 'setup'),
  ],
  'a deployment has a number of pods or an autoscaler, never both': [
    'Deployment',
    'worker',
    ({ spec }) => (spec.replicas = 2),
  ],
  'pods run without rights that they do not need': [
    'Deployment',
    'payments',
    ({ spec }) => (spec.template.spec.containers[0].securityContext.capabilities.drop = []),
  ],
  'a pod that is not ready never blocks a drain': [
    'PodDisruptionBudget',
    'worker',
    ({ spec }) => delete spec.unhealthyPodEvictionPolicy,
  ],
  'no image is named latest': [
    'Deployment',
    'projector',
    ({ spec }) => (spec.template.spec.containers[0].image = 'orderstream:latest'),
  ],
  'each object is in the namespace of the product, and says that it belongs to it': [
    'HorizontalPodAutoscaler',
    'ingestion',
    ({ metadata }) => delete metadata.namespace,
  ],
  'each container starts a program of the image, as its user': [
    'Deployment',
    'worker',
    ({ spec }) => (spec.template.spec.containers[0].args = ['stack/payment-provider/main.ts']),
  ],
  'pods of a deployment spread over zones and nodes': [
    'Deployment',
    'worker',
    ({ spec }) => spec.template.spec.topologySpreadConstraints.shift(),
  ],
  'an autoscaler scales the rollout of its pods': [
    'HorizontalPodAutoscaler',
    'ingestion',
    ({ spec }) => (spec.scaleTargetRef.kind = 'Deployment'),
  ],
  'a rollout has the labels of its deployment, and an analysis of this version': [
    'Rollout',
    'worker',
    ({ spec }) => (spec.strategy.canary.analysis.args[0].value = '1.0.0'),
  ],
  'each analysis reads metrics of the product': [
    'AnalysisTemplate',
    'worker-canary',
    ({ spec }) => (spec.metrics[0].provider.prometheus.query = 'sum(orderstream_worker_retries_total)'),
  ],
  'each file that a setting names is in a mounted volume': [
    'Deployment',
    'ingestion',
    ({ spec }) =>
      spec.template.spec.containers[0].env.push({ name: 'TLS_CERT', value: '/etc/orderstream/tls.crt' }),
  ],
  'the ingress and the service speak the protocol of the API': [
    'Ingress',
    'ingestion',
    ({ metadata }) => (metadata.annotations['nginx.ingress.kubernetes.io/backend-protocol'] = 'HTTPS'),
  ],
};

it('with certificates, each pod encrypts its connections to Kafka', () => {
  const configurations = render('overlays/tls').filter(
    ({ kind, data }) => kind === 'ConfigMap' && 'KAFKA_BROKERS' in data,
  );
  expect(configurations).toHaveLength(2);
  for (const { data } of configurations) {
    expect(data).toMatchObject({ KAFKA_SSL: 'true', KAFKA_SSL_CA: '/etc/orderstream/certificates/ca.crt' });
  }
});

describe('each rule finds its fault', () => {
  const objects = render('overlays/canary');

  it.each(Object.keys(rules) as (keyof typeof rules)[])('%s', (name) => {
    const [kind, start, change] = faults[name];
    const changed: Manifest[] = structuredClone(objects);
    const target = changed.find((object) => object.kind === kind && object.metadata.name.startsWith(start));
    change(target);
    expect((rules[name] as Rule)(changed, facts)).not.toEqual([]);
  });
});
