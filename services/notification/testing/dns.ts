/** A name server on 127.0.0.1 with prepared answers, or none at all (RFC 1035, 4.1). */
import { createSocket } from 'node:dgram';
import { isIP } from 'node:net';

/** Addresses of both families; null means no answer. */
export type DnsAnswer = { addresses: readonly string[]; ttlSeconds?: number } | null;

export interface DnsServer {
  /** `127.0.0.1:port` */
  address: string;
  /** Names of the queries so far, one for each family. */
  questions: string[];
  /** Replaces the answers from now on. */
  answerWith(answer: (name: string) => DnsAnswer): void;
  close(): Promise<void>;
}

const typeA = 1;
const typeAaaa = 28;
const headerBytes = 12;
/** The flags of an answer without error to a recursive query, and of an answer for an unknown name. */
const flagsFound = 0x8180;
const flagsUnknown = 0x8183;

export async function startDns(first: (name: string) => DnsAnswer): Promise<DnsServer> {
  const questions: string[] = [];
  let answer = first;
  const socket = createSocket('udp4');
  socket.on('message', (message, from) => {
    const { name, type, end } = readQuestion(message);
    questions.push(name);
    const told = answer(name);
    if (told === null) return;
    const family = type === typeA ? 4 : 6;
    const addresses = told.addresses.filter((address) => isIP(address) === family);
    const head = Buffer.from(message.subarray(0, headerBytes));
    head.writeUInt16BE(told.addresses.length === 0 ? flagsUnknown : flagsFound, 2);
    head.writeUInt16BE(addresses.length, 6);
    head.writeUInt16BE(0, 10);
    const records = addresses.map((address) => recordOf(type, address, told.ttlSeconds ?? 60));
    socket.send(
      Buffer.concat([head, message.subarray(headerBytes, end), ...records]),
      from.port,
      from.address,
    );
  });
  await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    questions,
    answerWith(next) {
      answer = next;
    },
    close: () => new Promise((done) => socket.close(() => done())),
  };
}

function readQuestion(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = headerBytes;
  for (let length = message[at]!; length > 0; length = message[at]!) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 };
}

function recordOf(type: number, address: string, ttlSeconds: number): Buffer {
  const data = type === typeAaaa ? ipv6Bytes(address) : Buffer.from(address.split('.').map(Number));
  const head = Buffer.alloc(headerBytes);
  head.writeUInt16BE(0xc00c, 0); // the name in the query
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(ttlSeconds, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

/** Bytes of an address with one `::`. */
function ipv6Bytes(address: string): Buffer {
  const [before = '', after = ''] = address.split('::');
  const groups = (text: string) =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const [head, tail] = [groups(before), groups(after)];
  const all = [...head, ...Array(8 - head.length - tail.length).fill(0), ...tail];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 255]));
}
