/** The database server of the bench: the server of MYSQL_URL, or the server of the local instance `bench`. */
import { stackDown, stackStatus, stackUp } from '../../stack/index.ts';

export interface BenchServer {
  readonly url: string;
  /** Stops the instance if this bench started it. */
  close(): Promise<void>;
}

const instance = 'bench';

export async function openServer(tell: (line: string) => void): Promise<BenchServer> {
  const given = process.env['MYSQL_URL'];
  if (given) return { url: given, close: async () => undefined };
  const ranBefore = await isUp();
  const { mysqlUrl } = await stackUp({ name: instance, tell });
  return {
    url: mysqlUrl,
    close: async () => {
      if (!ranBefore) await stackDown(instance);
    },
  };
}

async function isUp(): Promise<boolean> {
  try {
    return (await stackStatus(instance)).every((row) => row.answers);
  } catch {
    // This instance does not exist yet.
    return false;
  }
}
