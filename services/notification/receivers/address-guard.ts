/**
 * Decides which network addresses a webhook may reach. A customer chooses the URL, so it must not reach our
 * internal network. The guard checks the resolved address at the moment of connecting. A name may resolve
 * differently a second later (DNS rebinding).
 */
import { isIP, type LookupFunction } from 'node:net';
import { addressRanges } from '../../shared/addresses/index.ts';
import type { NameResolver } from './name-resolver.ts';

/**
 * IANA special-purpose ranges: loopback, private, link-local (with cloud metadata), shared, test, multicast,
 * reserved.
 */
const closedV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
/** In IPv6 only global unicast is allowed, without the tunnels that contain an IPv4 address. */
const openV6 = '2000::/3';
const closedV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

export interface AddressGuard {
  /** Whether a connection to this address is allowed. Plain http may reach only addresses of the allow-list. */
  allows(address: string, scheme: 'http:' | 'https:'): boolean;
  /** For net.connect: resolves a name and refuses it if any of its addresses is not allowed. */
  lookup(scheme: 'http:' | 'https:', customerId: string): LookupFunction;
}

/**
 * The error for a refused address and for a name without an address. Both have the same text and code.
 * Customers read the text, and two texts would show which names exist in our own network.
 */
export class AddressRefusedError extends Error {
  readonly code = 'ADDRESS_REFUSED';
  constructor(cause?: unknown) {
    super('the host has no address that may be posted to', { cause });
  }
}

/**
 * @param allowed special addresses or CIDR ranges that are allowed in local runs and tests
 * @throws RangeError if an entry is neither
 */
export function createAddressGuard(allowed: readonly string[], names: NameResolver): AddressGuard {
  const allowList = addressRanges(allowed);
  const closed = addressRanges([...closedV4, ...closedV6]);
  const open = addressRanges([openV6]);

  const allows: AddressGuard['allows'] = (address, scheme) => {
    const plain = embeddedV4(address) ?? address;
    const family = isIP(plain);
    if (family === 0) return false;
    const kind = family === 4 ? 'ipv4' : 'ipv6';
    if (allowList.check(plain, kind)) return true;
    if (scheme !== 'https:' || closed.check(plain, kind)) return false;
    return family === 4 || open.check(plain, kind);
  };

  return {
    allows,
    lookup: (scheme, customerId) => (hostname, options, callback) => {
      names
        .resolve(hostname, customerId)
        .then((found) => {
          if (found.some((address) => !allows(address, scheme))) throw new AddressRefusedError();
          return found.map((address) => ({ address, family: isIP(address) }));
        })
        .then(
          (found) => {
            // Node requests all addresses when it races address families. It gets exactly the checked
            // addresses.
            if (options.all === true) callback(null, found);
            else callback(null, found[0]!.address, found[0]!.family);
          },
          (error: unknown) =>
            callback(error instanceof AddressRefusedError ? error : new AddressRefusedError(error), '', 0),
        );
    },
  };
}

/** The IPv4 address inside ::ffff:a.b.c.d and 64:ff9b::a.b.c.d, in any notation; null for other addresses. */
function embeddedV4(address: string): string | null {
  if (isIP(address) !== 6) return null;
  const canonical = new URL(`http://[${address.split('%')[0]}]`).hostname.slice(1, -1);
  const match = /^(?:::ffff:|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  if (match === null) return null;
  const high = Number.parseInt(match[1]!, 16);
  const low = Number.parseInt(match[2]!, 16);
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
