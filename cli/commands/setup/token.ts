import { Command } from 'commander';
import { createLocalIssuer, tokenLifetimeMaxMs } from '../../../services/shared/auth/index.ts';
import { durationMs, loadConfig } from '../../../services/shared/config/index.ts';
import { seconds } from '../../arguments.ts';
import { usageError } from '../../errors.ts';
import { print } from '../../output.ts';
import { DEFAULT_INSTANCE, issuerDir } from '../../servers.ts';

const SCOPES = ['orders:write', 'orders:read', 'orders:ops', 'webhooks:manage'];
const tokenFields = {
  lifetimeMaxMs: durationMs('JWT_LIFETIME_MAX', {
    default: tokenLifetimeMaxMs,
    min: 60_000,
    help: 'The longest lifetime of a token, as in ingestion.',
  }),
};
const CUSTOMER = /^[\x21-\x7e]{1,128}$/;

/**
 * `orderstream token`: prints a bearer token of the local issuer. The token is alone on its line, so that a shell
 * can use it.
 */
export function tokenCommand(): Command {
  return new Command('token')
    .description('print a bearer token of the local issuer; for local runs only')
    .requiredOption('--customer <id>', "the token's subject")
    .option('--scope <scopes...>', `any of ${SCOPES.join(', ')}`, ['orders:write', 'orders:read'])
    .option(
      '--ttl <time>',
      'lifetime: 900, 30s, 15m, 2h; at most JWT_LIFETIME_MAX, which is 24h by default',
      seconds,
      3600,
    )
    .option('--name <instance>', 'local instance whose key signs the token', DEFAULT_INSTANCE)
    .action(async (options: { customer: string; scope: string[]; ttl: number; name: string }) => {
      const scopes = options.scope.flatMap((text) => text.split(/[\s,]+/)).filter((scope) => scope !== '');
      const unknown = scopes.filter((scope) => !SCOPES.includes(scope));
      if (unknown.length > 0)
        throw usageError(`unknown scope ${unknown.join(', ')}; the scopes are ${SCOPES.join(', ')}`);
      if (!CUSTOMER.test(options.customer)) {
        throw usageError('--customer must be 1 to 128 visible ASCII characters');
      }
      const maxSeconds = loadConfig(process.env, tokenFields).lifetimeMaxMs / 1000;
      if (options.ttl > maxSeconds) {
        throw usageError(
          `--ttl is at most ${maxSeconds} s: the API refuses tokens with a longer lifetime (JWT_LIFETIME_MAX)`,
        );
      }
      const issuer = await createLocalIssuer(issuerDir(options.name, process.env));
      print(await issuer.sign({ customerId: options.customer, scopes, ttlSeconds: options.ttl }));
    });
}
