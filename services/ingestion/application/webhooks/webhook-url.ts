/**
 * Decides which URLs a webhook endpoint may have. It checks only the text. The sender checks the addresses of a
 * name each time it connects.
 */
import { isIP } from 'node:net';
import { addressRanges } from '../../../shared/addresses/index.ts';

export const webhookUrlLengthMax = 2_000;

/** The normal form of a URL, or its fault as the end of a sentence. */
type WebhookUrl = { readonly url: string; readonly fault: null } | { readonly fault: string };
export type ReadWebhookUrl = (text: string) => WebhookUrl;

/**
 * @param allowed private addresses or CIDR ranges that endpoints may use, also with plain http
 * @throws RangeError if an entry is neither an address nor a range
 */
export function createWebhookUrls(allowed: readonly string[]): ReadWebhookUrl {
  const allowList = addressRanges(allowed);
  const isAllowed = (host: string): boolean => {
    const addresses = isLocalName(host) ? ['127.0.0.1', '::1'] : [host];
    return addresses.some((address) => allowList.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4'));
  };
  return (text) => {
    const url = URL.parse(text);
    if (url === null) return { fault: 'is not a URL' };
    if (url.protocol !== 'https:' && url.protocol !== 'http:') return { fault: 'must begin with https://' };
    if (url.username !== '' || url.password !== '')
      return { fault: 'must not contain a user name or password' };
    if (url.hash !== '') return { fault: 'must not have a fragment' };
    if (url.href.length > webhookUrlLengthMax) return { fault: `is longer than ${webhookUrlLengthMax}` };
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    const isAddress = isIP(host) !== 0;
    if ((isAddress || isLocalName(host)) && isAllowed(host)) return { url: url.href, fault: null };
    if (url.protocol === 'http:') return { fault: 'must begin with https://' };
    if (isAddress) return { fault: 'must have a host name, not an address' };
    if (!isPublicName(host)) return { fault: 'must name a host on the public internet' };
    return { url: url.href, fault: null };
  };
}

function isLocalName(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost');
}

/** Names that no public resolver knows (RFC 6761, RFC 6762, RFC 8375, and `.internal`) are refused at once. */
function isPublicName(host: string): boolean {
  const labels = host.replace(/\.$/, '').split('.');
  const closed = ['localhost', 'local', 'internal', 'test', 'invalid', 'example', 'arpa', 'onion'];
  return labels.length > 1 && !closed.includes(labels.at(-1)!);
}
