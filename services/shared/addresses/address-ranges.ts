import { BlockList, isIP } from 'node:net';

/**
 * @param ranges IPv4 or IPv6 addresses, or CIDR ranges
 * @throws RangeError if an entry is neither
 */
export function addressRanges(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits] = range.split('/');
    const family = isIP(address);
    const prefix = bits === undefined ? (family === 4 ? 32 : 128) : Number(bits);
    if (family === 0 || !Number.isInteger(prefix)) throw new RangeError(`not an address or range: ${range}`);
    list.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}
