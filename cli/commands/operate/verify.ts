import { Command } from 'commander';
import { seconds } from '../../arguments.ts';
import { withDatabase } from '../../database.ts';
import { openDecoder } from '../../kafka/decoder.ts';
import { openLogReader } from '../../kafka/log-reader.ts';
import { count, createProgress, print, printJson, table } from '../../output.ts';
import { DEFAULT_INSTANCE, findServers } from '../../servers.ts';
import { type VerifyReport, verify } from '../../verify/verify.ts';

/** `orderstream verify`: compares both logs and the tables. The exit code is 1 if a check finds a difference. */
export function verifyCommand(): Command {
  return new Command('verify')
    .description(
      'check independently that each command has one outcome, each outcome its order, and that stock and money balance',
    )
    .option('--name <instance>', 'local instance to check', DEFAULT_INSTANCE)
    .option('--wait <time>', 'how long to wait for commands that are not decided yet', seconds, 30)
    .option('--json', 'print the report as JSON')
    .action(async (options: { name: string; wait: number; json?: boolean }) => {
      const servers = await findServers(options.name, process.env, ['kafka', 'registry', 'mysql']);
      const decoder = await openDecoder(servers.schemaRegistryUrl);
      const reader = await openLogReader(servers);
      const progress = createProgress(process.stderr);
      try {
        const report = await withDatabase(servers.mysqlUrl, (db) =>
          verify({
            db,
            reader,
            decoder,
            topicPrefix: servers.kafkaTopicPrefix,
            waitMs: options.wait * 1000,
            onProgress: progress.show,
          }),
        );
        progress.end();
        if (options.json) printJson(report);
        else print(reportText(report));
        if (!report.ok) process.exitCode = 1;
      } finally {
        progress.end();
        await reader.close();
      }
    });
}

function reportText(report: VerifyReport): string {
  const outcomes = Object.entries(report.outcomes)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([outcome, n]) => `${outcome} ${count(n)}`);
  const checks = report.results.map((result) => [result.statement, result.count]);
  const examples = report.results.flatMap((result) =>
    result.examples.map((example) => `${result.check}: ${example}`),
  );
  const summary = [
    `${count(report.commands)} commands, ${count(report.orders)} orders, ${count(report.skus)} SKUs, ${report.perPartition.length} partitions, ${(report.elapsedMs / 1000).toFixed(1)} s`,
    `outcomes: ${outcomes.join(', ') || 'none'}; repeats ${count(report.repeats)}`,
  ];
  if (report.statesBehind !== null && report.statesBehind > 0) {
    summary.push(
      `the snapshot of orders does not cover ${count(report.statesBehind)} outcomes yet, so they were not compared with it`,
    );
  }
  if (report.olderThanLog > 0) {
    summary.push(
      `${count(report.olderThanLog)} orders are older than the log: only their money and stock were checked`,
    );
  }
  return [table(checks), ...summary, ...examples].join('\n');
}
