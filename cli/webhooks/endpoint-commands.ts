/** `orderstream webhooks update|pause|resume|test`: change and test one endpoint of a customer, over the API. */
import { Command, InvalidArgumentError } from 'commander';
import { customerId } from '../arguments.ts';
import { createOrderstreamClient, type WebhookEndpointUpdate } from '../client/index.ts';
import { usageError } from '../errors.ts';
import { print, printJson } from '../output.ts';
import { apiUrl, DEFAULT_INSTANCE } from '../servers.ts';
import { createTokens } from '../tokens.ts';
import { changeEndpoint, sendTestEvent, type WebhookApi } from './endpoint-api.ts';
import { deliveryText, endpointText } from './endpoint-text.ts';

interface EndpointOptions {
  customer: string;
  json?: boolean;
  name: string;
}

interface UpdateOptions extends EndpointOptions {
  url?: string;
  events?: string[];
  description?: string;
  disable?: boolean;
  ifMatch?: string;
}

export function endpointCommands(): Command[] {
  return [
    updateCommand(),
    statusCommand('pause', 'PAUSED'),
    statusCommand('resume', 'ENABLED'),
    testCommand(),
  ];
}

function updateCommand(): Command {
  return withEndpoint('update', 'change a webhook endpoint; what you do not name stays')
    .option('--url <url>', 'new URL; pending deliveries go there')
    .option('--events <types...>', 'event types such as order.shipped, or "default"')
    .option('--description <text>', 'new description, or "" to remove it')
    .option('--disable', 'record no events until `webhooks resume`')
    .option(
      '--if-match <version>',
      'change only this version: the ETag of the endpoint, or its number',
      version,
    )
    .action(async (id: string, options: UpdateOptions) => {
      const update = updateOf(options);
      if (Object.keys(update).length === 0)
        throw usageError('name a change: --url, --events, --description or --disable');
      await change(id, update, options);
    });
}

function statusCommand(name: 'pause' | 'resume', status: 'PAUSED' | 'ENABLED'): Command {
  const what =
    name === 'pause' ? 'record events and send them later' : 'send what waits, and enable the endpoint';
  return withEndpoint(name, what).action((id: string, options: EndpointOptions) =>
    change(id, { status }, options),
  );
}

function testCommand(): Command {
  return withEndpoint('test', 'send a test event, and print its result')
    .option('--no-wait', 'do not wait for the result of the attempt')
    .action(async (id: string, options: EndpointOptions & { wait: boolean }) => {
      const delivery = await sendTestEvent(await apiOf(options), id, options.wait);
      if (options.json) printJson(delivery);
      else print(deliveryText(delivery));
      if (options.wait && delivery.status !== 'DELIVERED') process.exitCode = 1;
    });
}

function withEndpoint(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument('<id>', 'id of the endpoint, we_…')
    .requiredOption('--customer <id>', 'owner of the endpoint', customerId)
    .option('--json', 'print JSON')
    .option('--name <instance>', 'local instance', DEFAULT_INSTANCE);
}

async function change(
  id: string,
  update: WebhookEndpointUpdate,
  options: EndpointOptions & { ifMatch?: string },
): Promise<void> {
  const endpoint = await changeEndpoint(await apiOf(options), id, update, options.ifMatch);
  if (options.json) printJson(endpoint);
  else print(endpointText(endpoint));
}

async function apiOf({ name, customer }: EndpointOptions): Promise<WebhookApi> {
  const tokenFor = await createTokens(name, process.env, ['webhooks:manage']);
  return createOrderstreamClient({ baseUrl: apiUrl(name, process.env), token: () => tokenFor(customer) });
}

function updateOf({ url, events, description, disable }: UpdateOptions): WebhookEndpointUpdate {
  const types = events?.flatMap((text) => text.split(',')) as WebhookEndpointUpdate['eventTypes'] | undefined;
  return {
    ...(url === undefined ? {} : { url }),
    ...(types === undefined ? {} : { eventTypes: events?.join() === 'default' ? null : types }),
    ...(description === undefined ? {} : { description: description === '' ? null : description }),
    ...(disable ? { status: 'DISABLED' as const } : {}),
  };
}

function version(text: string): string {
  const match = /^"?(\d{1,15})"?$/.exec(text);
  if (match === null)
    throw new InvalidArgumentError('expected the ETag of the endpoint, such as "1767607200000".');
  return `"${match[1]}"`;
}
