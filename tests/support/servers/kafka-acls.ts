/**
 * A broker that enforces topics/acls.ts. Each principal logs in with a password, and has the rights in the
 * table.
 */
import kafkajs from 'kafkajs';
import { stackReset, stackUp } from '../../../stack/index.ts';
import { type PrincipalName, principals, rulesOf } from '../../../topics/acls.ts';
import { plantedSecret } from '../records/planted.ts';
import { freePort } from './free-port.ts';
import { kafkaClient, testStack, unique } from './stack.ts';

export interface AclKafka {
  /** The listener for tests. It needs no login, and allows all operations. */
  readonly openBrokers: string;
  /** Environment of a service or of the command line that logs in as this principal. */
  envOf(principal: PrincipalName): Record<string, string>;
  /** Creates the ACLs of every principal for the installation with this topic prefix. */
  grant(topicPrefix: string): Promise<void>;
  close(): Promise<void>;
}

const otherFilesMayStartMs = 30_000;
const resourceTypes = {
  topic: kafkajs.AclResourceTypes.TOPIC,
  group: kafkajs.AclResourceTypes.GROUP,
  'transactional-id': kafkajs.AclResourceTypes.TRANSACTIONAL_ID,
};
const patternTypes = {
  literal: kafkajs.ResourcePatternTypes.LITERAL,
  prefixed: kafkajs.ResourcePatternTypes.PREFIXED,
};

/** Starts a separate server, because access settings belong to a whole broker. */
export async function startAclKafka(room: string): Promise<AclKafka> {
  const { schemaRegistryUrl, mysqlUrl, redisUrl } = testStack();
  const name = unique(`t-${room}-`);
  const passwords = Object.fromEntries(
    principals.map((principal) => [principal.name, `${plantedSecret}: ${principal.name}`]),
  );
  const port = await freePort();
  const users = Object.entries(passwords).map(([user, password]) => `user_${user}="${password}"`);
  const login = `org.apache.kafka.common.security.plain.PlainLoginModule required ${users.join(' ')};`;
  const { kafkaBrokers } = await stackUp({
    name,
    env: { SCHEMA_REGISTRY_URL: schemaRegistryUrl, MYSQL_URL: mysqlUrl, REDIS_URL: redisUrl },
    lockWaitMs: otherFilesMayStartMs,
    extras: {
      kafka: {
        listeners: [
          {
            name: 'LOGIN',
            protocol: 'SASL_PLAINTEXT',
            host: '127.0.0.1',
            port,
            settings: { 'sasl.enabled.mechanisms': 'PLAIN', 'plain.sasl.jaas.config': login },
          },
        ],
        settings: {
          'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
          // These clients have no login: this stack, the broker and its controller.
          'super.users': 'User:ANONYMOUS',
        },
      },
    },
  });
  return {
    openBrokers: kafkaBrokers,
    envOf: (principal) => ({
      KAFKA_BROKERS: `127.0.0.1:${port}`,
      KAFKA_SASL_MECHANISM: 'plain',
      KAFKA_SASL_USERNAME: principal,
      KAFKA_SASL_PASSWORD: passwords[principal]!,
    }),
    grant: (topicPrefix) => grant(kafkaBrokers, topicPrefix),
    close: () => stackReset(name),
  };
}

async function grant(brokers: string, topicPrefix: string): Promise<void> {
  const admin = kafkaClient(brokers).admin();
  await admin.connect();
  try {
    const acl = principals.flatMap(rulesOf).flatMap(({ principal, resource, name, pattern, operations }) =>
      operations.map((operation) => ({
        principal: `User:${principal}`,
        host: '*',
        resourceType: resourceTypes[resource],
        resourceName: topicPrefix + name,
        resourcePatternType: patternTypes[pattern],
        operation: kafkajs.AclOperationTypes[operation as keyof typeof kafkajs.AclOperationTypes],
        permissionType: kafkajs.AclPermissionTypes.ALLOW,
      })),
    );
    await admin.createAcls({ acl });
  } finally {
    await admin.disconnect();
  }
}
