/** Appends one command of an operator to the command log. */
import { loadCodecs } from '../../services/shared/codec/index.ts';
import { commandMessage, type KeyedCommand } from '../../services/shared/command-log/index.ts';
import { createAccumulator, createKafkaConfig } from '../../services/shared/kafka/index.ts';
import { createLogger } from '../../services/shared/log/index.ts';
import { noMetrics } from '../../services/shared/metrics/index.ts';
import { COMMANDS } from '../../topics/catalogue.ts';
import { findServers } from '../servers.ts';

const closeMs = 2_000;

/** Resolves with the position of the command. Rejects if the command is not, or perhaps not, in the log. */
export async function sendCommand(
  name: string,
  command: KeyedCommand,
): Promise<{ partition: number; offset: bigint }> {
  const servers = await findServers(name, process.env, ['kafka', 'registry']);
  const log = createLogger({ service: 'cli', level: 'silent', instanceId: 'cli' });
  const { commands } = await loadCodecs({ registryUrl: servers.schemaRegistryUrl, log });
  const settings = createKafkaConfig(servers, `orderstream-cli-${process.pid}`);
  const accumulator = await createAccumulator({ settings, log, metrics: noMetrics, topics: [COMMANDS] });
  try {
    return await accumulator.send(commandMessage(commands, command, command.issuedAt));
  } finally {
    await accumulator.close(closeMs);
  }
}
