import { Command } from 'commander';
import {
  type ReconcileReport,
  reconcile,
  stepBack,
  stuckFields,
} from '../../../services/reconciliation/index.ts';
import { loadConfig } from '../../../services/shared/config/index.ts';
import { createKafkaConfig } from '../../../services/shared/kafka/index.ts';
import { createLogger } from '../../../services/shared/log/index.ts';
import { pointInTime } from '../../arguments.ts';
import { EXIT_FAILURE } from '../../errors.ts';
import { count, createProgress, print, printJson } from '../../output.ts';
import { DEFAULT_INSTANCE, findServers } from '../../servers.ts';

interface Options {
  name: string;
  from?: number;
  to?: number;
  json?: boolean;
}

/**
 * `orderstream reconcile`: runs every check of the reconciliation service once. The exit code is 1 if there is a
 * difference.
 */
export function reconcileCommand(): Command {
  return new Command('reconcile')
    .description('run one check of commands, outcomes, tables, dead letters, cache, positions and deliveries')
    .option('--name <instance>', 'local instance to check', DEFAULT_INSTANCE)
    .option(
      '--from <time>',
      'check only outcomes decided at or after this time (the check of orders is always complete)',
      pointInTime,
    )
    .option('--to <time>', 'check only outcomes decided before this time', pointInTime)
    .option('--json', 'print the report as JSON')
    .action(async (options: Options) => {
      const servers = await findServers(options.name, process.env, ['kafka', 'registry', 'mysql', 'redis']);
      stepBack();
      const progress = createProgress(process.stderr);
      const report = await reconcile({
        settings: createKafkaConfig(servers, `reconcile-${process.pid}`),
        registryUrl: servers.schemaRegistryUrl,
        mysqlUrl: servers.mysqlUrl,
        redisUrl: servers.redisUrl,
        fromMs: options.from,
        toMs: options.to,
        stuck: loadConfig(process.env, stuckFields),
        log: createLogger({ service: 'reconcile', level: 'error', instanceId: String(process.pid) }),
        signal: new AbortController().signal,
        onProgress: progress.show,
      }).finally(progress.end);
      if (options.json) printJson(report);
      else print(reportText(report));
      if (!report.ok) process.exitCode = EXIT_FAILURE;
    });
}

function reportText(report: ReconcileReport): string {
  const { commands, outcomes, findings, counts, elapsedMs } = report;
  const summary = `${count(commands)} commands, ${count(outcomes)} outcomes, ${(elapsedMs / 1000).toFixed(1)} s`;
  const lines = findings.map(
    ({ kind, subject, expected, actual, remedy }) =>
      `${kind} ${subject}\n  expected: ${expected}\n  actual:   ${actual}\n  ${remedy}`,
  );
  const total = counts.reduce((sum, { found }) => sum + found, 0);
  const byKind = counts.map(({ kind, found, listed }) => {
    return `${kind}: ${count(found)}${listed < found ? `, of which ${count(listed)} are listed` : ''}`;
  });
  const end = counts.length === 0 ? 'no differences' : `${count(total)} differences`;
  return [summary, ...byKind, ...lines, end].join('\n');
}
