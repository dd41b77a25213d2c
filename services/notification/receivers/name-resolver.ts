/**
 * Resolves host names, with its own limits.
 *
 * `dns.lookup` uses the four threads that Node also needs for files. Four names whose server never answers
 * would block every other name. This resolver uses c-ares, which queries the same servers without threads. Each
 * name has a deadline. Each customer has a limit of concurrent names. Concurrent queries for one name share one
 * lookup. Answers are cached for their time to live, a minute at most; failures for two seconds.
 *
 * Like the system's `lookup`, this resolver reads the hosts file. It does not support mDNS, NIS and the search
 * list of `resolv.conf`. A webhook must name a public host in full.
 */
import { Resolver } from 'node:dns/promises';
import type { Clock } from '../../shared/clock/index.ts';
import { createFairGate } from './fair-gate.ts';
import { createHostsFile, type HostsFile } from './hosts-file.ts';

export interface ResolverLimits {
  /** The time limit of one query to one server. Each query is sent at most twice. */
  queryMs: number;
  /** The limit for a name, including the wait for a slot. */
  deadlineMs: number;
  /** Maximum number of names that are resolved concurrently for one customer. */
  namesEach: number;
}

export interface NameResolver {
  /** Returns every address of a name, at least one. @throws NameError if there is none, or none in time */
  resolve(name: string, customerId: string): Promise<readonly string[]>;
}

/** A name has no address. `code` is the error code from DNS, for the log. */
export class NameError extends Error {
  readonly code: string;
  constructor(code: string) {
    super('the name has no address');
    this.code = code;
  }
}

const resolverLimits: ResolverLimits = { queryMs: 1_000, deadlineMs: 5_000, namesEach: 16 };
/** Maximum number of names of a customer that may wait for a slot. */
const waitingEach = 1_000;
/** How long an answer and a failure are cached at most, and how many names are cached. */
const keptMaxMs = 60_000;
const failureKeptMs = 2_000;
const namesMax = 10_000;
/** A name with addresses of one family waits no longer than this for the other family. */
const otherFamilyMs = 300;
/** While queries fail, the system's list of servers is read again this often, since it may have changed. */
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
  /** `127.0.0.1:53`; by default the servers of the system. */
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
    // Maps keep the insertion order: the first is the oldest.
    if (answers.size > namesMax) answers.delete(answers.keys().next().value!);
    return answer;
  };
  /** Concurrent callers for one name get the same answer. */
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

/** Queries the name servers. While they fail, the system's list is read again. */
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
    // Queries in progress end with the old resolver.
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
      // `code` says why this family has no address. The caller combines both families.
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

/** Returns null if the promise takes longer than `ms`. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T | null> {
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(() => late.resolve(null), ms);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
