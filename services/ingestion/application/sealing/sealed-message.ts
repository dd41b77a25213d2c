/** Encodes a command of a customer whose key is not read yet. */
import type { OrderCommand } from '../../../../schemas/index.ts';
import type { OutMessage } from '../../../shared/kafka/index.ts';
import { hasPersonalFields, sealCommand } from '../../../shared/personal-data/index.ts';
import { Failure } from '../common/failure.ts';
import type { CommandLog } from '../submit/command-log.ts';
import type { CustomerKeys } from './customer-keys.ts';

interface SealedMessageDeps {
  readonly commandLog: Pick<CommandLog, 'encode'>;
  readonly customerKeys: CustomerKeys;
}

/** The message of the command, sealed with the key of its customer. The failure is NOT_PRODUCED: a key is required. */
export async function sealedMessage(
  { commandLog, customerKeys }: SealedMessageDeps,
  command: OrderCommand & { orderId: string },
): Promise<OutMessage | Failure> {
  const { customerId } = command;
  if (customerId === null || !hasPersonalFields(command)) return commandLog.encode(command);
  const key = await customerKeys.keyOf(customerId);
  return key instanceof Failure ? key : commandLog.encode(sealCommand(command, key));
}
