/** Rows about connections, secrets at rest, and who may do what. They need servers or logins of their own. */
import type { Case, ShownElsewhere } from './case.ts';

export const securityCases: readonly Case[] = [];

export const securityShownElsewhere: readonly ShownElsewhere[] = [
  {
    id: 'S7',
    holds: 'An encrypted connection is verified, and the command line reads MYSQL_URL as services do',
    shownBy: 'tests/integration/tls-servers.test.ts',
  },
  {
    id: 'S11',
    holds: 'No webhook secret is in the database in clear, and each is bound to its endpoint and customer',
    shownBy: 'tests/integration/ingestion-webhooks.test.ts',
  },
  {
    id: 'S11',
    holds: 'Every service works with a login of its own, which can do nothing that the service does not do',
    shownBy: 'tests/integration/least-privilege.test.ts',
  },
  {
    id: 'S12',
    holds: 'Each change of an endpoint, secret, price, finding or dead letter is in the audit log',
    shownBy: 'tests/integration/cli-audit.test.ts',
  },
];
