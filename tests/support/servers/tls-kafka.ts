/** One broker with a listener for each case of TLS and login. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { LocalIssuer } from '../../../services/shared/auth/index.ts';
import type { Authority, Certificate } from './certificates.ts';

interface Parts {
  readonly dir: string;
  readonly authority: Authority;
  readonly certificates: Record<'own' | 'foreign' | 'expired', Certificate>;
  readonly issuer: LocalIssuer;
  readonly user: string;
  readonly password: string;
}

export async function kafkaExtras(
  { dir, authority, certificates: { own, foreign, expired }, issuer, user, password }: Parts,
  ports: Record<'mutual' | 'login' | 'foreign' | 'expired', number>,
) {
  const keystore = async (name: string, { cert, key }: Certificate) => {
    const file = path.join(dir, `${name}-keystore.pem`);
    await writeFile(file, (await readFile(key, 'utf8')) + (await readFile(cert, 'utf8')));
    return { 'ssl.keystore.type': 'PEM', 'ssl.keystore.location': file };
  };
  const truststore = { 'ssl.truststore.type': 'PEM', 'ssl.truststore.location': authority.ca };
  const sasl = 'org.apache.kafka.common.security';
  const keys = `file://${issuer.jwksPath}`;
  const listener = (name: string, port: number, settings: Record<string, string>) => ({
    name,
    protocol: 'SSL' as const,
    host: 'localhost',
    port,
    settings,
  });
  return {
    listeners: [
      listener('MUTUAL', ports.mutual, {
        ...(await keystore('own', own)),
        ...truststore,
        'ssl.client.auth': 'required',
      }),
      listener('FOREIGN', ports.foreign, await keystore('foreign', foreign)),
      listener('EXPIRED', ports.expired, await keystore('expired', expired)),
      {
        ...listener('LOGIN', ports.login, {
          ...(await keystore('login', own)),
          'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
          'plain.sasl.jaas.config': `${sasl}.plain.PlainLoginModule required user_${user}="${password}";`,
          'scram-sha-256.sasl.jaas.config': `${sasl}.scram.ScramLoginModule required;`,
          'scram-sha-512.sasl.jaas.config': `${sasl}.scram.ScramLoginModule required;`,
          'oauthbearer.sasl.jaas.config': `${sasl}.oauthbearer.OAuthBearerLoginModule required;`,
          'oauthbearer.sasl.server.callback.handler.class': `${sasl}.oauthbearer.OAuthBearerValidatorCallbackHandler`,
          'oauthbearer.sasl.oauthbearer.jwks.endpoint.url': keys,
          'oauthbearer.sasl.oauthbearer.expected.audience': issuer.audience,
          'oauthbearer.connections.max.reauth.ms': '3600000',
        }),
        protocol: 'SASL_SSL' as const,
      },
    ],
    scramUsers: { [user]: password },
    // Kafka reads keys only from places that its process allows.
    jvmArgs: [`-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=${keys}`],
  };
}
