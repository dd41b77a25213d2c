/**
 * Addresses of host names, with bounds of our own.
 *
 * `dns.lookup` runs on the four threads that Node has for files as well; four names whose server never answers would hold
 * up every other name. Here c-ares asks the same servers without threads. Each name has a deadline, each customer has a
 * number of names that it may have asked for at once, and names that are asked for at the same time share one question.
 * Answers are kept for their time to live, a minute at most; failures for a moment.
 *
 * What the system's `lookup` knows beyond DNS is the hosts file, which is read here too. mDNS, NIS and the search list of
 * `resolv.conf` are left out on purpose: a webhook names a public host in full.
 */
import { Resolver } from 'node:dns/promises';
import type { Clock } from '../../shared/clock/index.ts';
import { createFairGate } from './fair-gate.ts';
import { createHostsFile, type HostsFile } from './hosts-file.ts';

export interface ResolverLimits {
  /** One question to one server; it is asked twice. */
  queryMs: number;
  /** A name in all, its wait for a turn included. */
  deadlineMs: number;
  /** Names that are asked for at once, for one customer. */
  namesEach: number;
}

export interface NameResolver {
  /** Every address of a name, at least one. @throws NameError where there is none, or none in time */
  resolve(name: string, customerId: string): Promise<readonly string[]>;
}

/** There is no address; `code` is that of DNS, for the log. */
export class NameError extends Error {
  readonly code: string;
  constructor(code: string) {
    super('the name has no address');
    this.code = code;
  }
}

export const resolverLimits: ResolverLimits = { queryMs: 1_000, deadlineMs: 5_000, namesEach: 16 };
/** Names of a customer that may wait behind those that are asked for. */
const waitingEach = 1_000;
/** Bounds of how long an answer is kept. */
const keptMaxMs = 60_000;
const failureKeptMs = 2_000;
const namesMax = 10_000;
/** A name with addresses of one family waits no longer than this for those of the other. */
const otherFamilyMs = 300;
/** Servers are read anew from the system this often while questions fail: they may have moved. */
const renewMs = 10_000;

interface Answer {
  addresses: readonly string[];
  code: string;
  keptUntilMs: number;
}

export function createNameResolver(options: {
  clock: Clock;
  limits?: ResolverLimits;
  hostsFile?: HostsFile;
  /** `127.0.0.1:53`; those of the system where it is left out. */
  servers?: readonly string[];
}): NameResolver {
  const { clock, limits = resolverLimits, servers } = options;
  const hostsFile = options.hostsFile ?? createHostsFile(clock);
  const gate = createFairGate({
    slotsInAll: Number.POSITIVE_INFINITY,
    slotsEach: limits.namesEach,
    waitingEach,
  });
  const answers = new Map<string, Answer>();
  const asked = new Map<string, Promise<Answer>>();
  const server = createServer(limits, clock, servers);

  const ask = async (name: string): Promise<Answer> => {
    const own = await hostsFile.addressesOf(name);
    const found = own.length > 0 ? { addresses: own, code: '', ttlMs: 0 } : await server.ask(name);
    const keptMs = found.addresses.length > 0 ? Math.min(found.ttlMs, keptMaxMs) : failureKeptMs;
    const answer = {
      addresses: found.addresses,
      code: found.code,
      keptUntilMs: clock.monotonicMs() + keptMs,
    };
    answers.delete(name);
    answers.set(name, answer);
    // Maps keep the order of insertion: the first is the oldest.
    if (answers.size > namesMax) answers.delete(answers.keys().next().value!);
    return answer;
  };
  /** Everybody who asks for a name meanwhile gets the same answer. */
  const askOnce = (name: string): Promise<Answer> => {
    const running = asked.get(name) ?? ask(name).finally(() => asked.delete(name));
    asked.set(name, running);
    return running;
  };

  return {
    async resolve(given, customerId) {
      const name = given.toLowerCase().replace(/\.$/, '');
      const known = answers.get(name);
      if (known !== undefined && known.keptUntilMs > clock.monotonicMs()) return addressesOf(known);
      const turn = gate.run(customerId, () => askOnce(name));
      const answer = await within(limits.deadlineMs, turn);
      if (answer === null) throw new NameError('ETIMEOUT');
      if (!('done' in answer)) throw new NameError('EBUSY');
      return addressesOf(answer.done);
    },
  };
}

function addressesOf({ addresses, code }: Answer): readonly string[] {
  if (addresses.length === 0) throw new NameError(code);
  return addresses;
}

interface Found {
  addresses: string[];
  code: string;
  ttlMs: number;
}

/** The name servers; those of the system are read anew while they fail. */
function createServer(limits: ResolverLimits, clock: Clock, servers: readonly string[] | undefined) {
  const open = (): Resolver => {
    const resolver = new Resolver({ timeout: limits.queryMs, tries: 2 });
    if (servers !== undefined) resolver.setServers(servers);
    return resolver;
  };
  let resolver = open();
  let openedAtMs = clock.monotonicMs();
  const renew = (): void => {
    if (clock.monotonicMs() - openedAtMs < renewMs) return;
    // Questions under way end with the old one.
    resolver = open();
    openedAtMs = clock.monotonicMs();
  };
  const askFamily = async (family: 4 | 6, name: string): Promise<Found> => {
    try {
      const records = await (family === 4
        ? resolver.resolve4(name, { ttl: true })
        : resolver.resolve6(name, { ttl: true }));
      const ttlMs = 1_000 * Math.min(...records.map(({ ttl }) => ttl));
      return { addresses: records.map(({ address }) => address), code: '', ttlMs };
    } catch (error) {
      // Without an address the code says why; which of the families had one is for the caller to see.
      const { code = 'EUNKNOWN' } = error as { code?: string };
      if (code !== 'ENOTFOUND' && code !== 'ENODATA') renew();
      return { addresses: [], code, ttlMs: 0 };
    }
  };
  return {
    async ask(name: string): Promise<Found> {
      const both = [askFamily(4, name), askFamily(6, name)];
      const first = await Promise.race(both);
      const others = Promise.all(both);
      const all = first.addresses.length === 0 ? await others : await within(otherFamilyMs, others);
      const found = (all ?? [first]).filter(({ addresses }) => addresses.length > 0);
      if (found.length === 0) return first;
      return {
        addresses: found.flatMap(({ addresses }) => addresses),
        code: '',
        ttlMs: Math.min(...found.map(({ ttlMs }) => ttlMs)),
      };
    },
  };
}

/** Null where the promise takes longer. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T | null> {
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(() => late.resolve(null), ms);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
