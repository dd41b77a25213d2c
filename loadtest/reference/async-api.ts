/**
 * The API of the usual asynchronous design. It calls `producer.send` for each order, and returns 202 once all in-sync
 * replicas have the record.
 */
import { loadCodecs } from '../../services/shared/codec/index.ts';
import { partitionOfOrder } from '../../topics/index.ts';
import { createOrderApp, type Placed } from './order-app.ts';
import {
  kafkaOf,
  openProducer,
  type ReferenceJob,
  runReference,
  type StartedReference,
} from './reference-process.ts';

const queued: Placed = { httpStatus: 202, status: 'QUEUED' };

await runReference(start);

async function start(job: ReferenceJob): Promise<StartedReference> {
  const { commands: codec } = await loadCodecs({ registryUrl: job.registryUrl, log: console });
  const producer = await openProducer(kafkaOf(job));
  const app = await createOrderApp(job.keyDir, async (command) => {
    const { orderId } = command;
    const message = { partition: partitionOfOrder(orderId), key: orderId, value: codec.encode(command) };
    await producer.send({ topic: job.commandTopic, acks: -1, messages: [message] });
    return queued;
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    url,
    async stop() {
      await app.close();
      await producer.disconnect();
    },
  };
}
