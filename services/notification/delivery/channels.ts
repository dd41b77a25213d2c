/** Finds the channel to a receiver by the endpoint id of a delivery's row. */

import { emailEndpoint } from '../deliveries.ts';
import type { EndpointDirectory } from '../endpoints.ts';
import type { Contacts } from '../mail/contacts.ts';
import type { Mailer } from '../mail/mailer.ts';
import type { Message } from '../message.ts';
import type { WebhookPoster } from '../receivers/webhook.ts';
import type { OpenSecrets } from '../secrets.ts';
import type { Channel, NoChannel } from './sender-types.ts';

export interface ChannelDeps {
  endpoints: EndpointDirectory;
  webhooks: WebhookPoster;
  openSecrets: OpenSecrets;
  contacts: Contacts;
  /** null if e-mail is off. */
  mailer: Mailer | null;
  /** Whether webhooks and e-mails are on, as they are now. */
  flags(): { readonly webhooksOn: boolean; readonly mailOn: boolean };
}

/**
 * Returns the channel of a receiver, `disabled` or `gone`. It is `paused` while the flag of the channel is off, or
 * while the owner pauses the endpoint.
 */
export function createChannels(deps: ChannelDeps): (endpointId: string) => Promise<Channel | NoChannel> {
  const { endpoints, webhooks, openSecrets, flags } = deps;
  const mail = mailChannel(deps);
  return async (endpointId) => {
    if (endpointId === emailEndpoint) return flags().mailOn ? mail : 'paused';
    if (!flags().webhooksOn) return 'paused';
    // A delivery may be newer than this directory: only a fresh read shows that its endpoint does not exist.
    if (endpoints.find(endpointId)?.enabled !== true) await endpoints.refresh();
    const endpoint = endpoints.find(endpointId);
    if (endpoint === undefined) return 'gone';
    if (!endpoint.enabled) return 'disabled';
    // The periodic read of the directory shows when the owner resumes the endpoint.
    if (endpoint.paused) return 'paused';
    return {
      name: 'webhook',
      host: hostOf(endpoint.url),
      customerId: endpoint.customerId,
      async deliver({ eventId, payload }) {
        // The endpoint may have been disabled or paused, or its secret replaced, while this message waited.
        const current = endpoints.find(endpointId);
        if (current?.enabled !== true || current.paused || !flags().webhooksOn)
          return { kind: 'postponed', delayMs: 0 };
        const opened = openSecrets(current);
        if (opened === null) return { kind: 'postponed', delayMs: unreadableRestMs };
        return webhooks.post(opened, { id: eventId, payload });
      },
    };
  };
}

/** A secret becomes readable when an operator configures its key. */
const unreadableRestMs = 30_000;

/** Represents the mail server among the receiving hosts. */
const mailHost = 'smtp';

/** Without a mail server, mails become HELD. An operator can configure a server and redeliver them. */
function mailChannel({ contacts, mailer, flags }: ChannelDeps): Channel | 'disabled' {
  if (mailer === null) return 'disabled';
  return {
    name: 'email',
    host: mailHost,
    customerId: emailEndpoint,
    customerOf: ({ payload }) => (JSON.parse(payload) as Message).data.customerId ?? emailEndpoint,
    async deliver({ eventId, orderId, payload }) {
      if (!flags().mailOn) return { kind: 'postponed', delayMs: 0 };
      const address = await contacts.addressOf(orderId);
      if (address === null) return { kind: 'dropped', error: 'the order has no e-mail address any more' };
      return mailer.send(address, { eventId, orderId, payload });
    },
  };
}

/** Endpoints on one host share its gate. An invalid URL gets its own gate, and its attempts fail. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}
