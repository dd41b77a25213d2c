/** The servers of the bench: the local instance `bench`, or the instance in ORDERSTREAM_BENCH_STACK. */
import { type StackInfo, stackDown, stackStatus, stackUp } from '../../stack/index.ts';

export interface BenchStack {
  readonly info: StackInfo;
  /** Process ids by server name; null for a server on another machine. */
  readonly pids: Readonly<Record<string, number | null>>;
  /** Stops the instance if this bench started it. */
  close(): Promise<void>;
}

export async function openStack(tell: (line: string) => void): Promise<BenchStack> {
  const name = process.env['ORDERSTREAM_BENCH_STACK'] || 'bench';
  const ranBefore = await isUp(name);
  const info = await stackUp({ name, tell });
  const status = await stackStatus(name);
  return {
    info,
    pids: Object.fromEntries(status.map(({ server, pids }) => [server, pids[0] ?? null])),
    close: async () => {
      if (!ranBefore) await stackDown(name);
    },
  };
}

async function isUp(name: string): Promise<boolean> {
  try {
    return (await stackStatus(name)).every((row) => row.answers);
  } catch {
    // This instance does not exist yet.
    return false;
  }
}
