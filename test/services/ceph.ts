import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command, freePorts, onPath, scratch, until } from './process.js';

/** A real S3 server: a Ceph RADOS gateway over one monitor and one object store daemon. */
export interface CephGateway {
  readonly endpoint: string;
  readonly port: number;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Kills the gateway in the middle of whatever it does, and starts it again. Objects survive, requests do not. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

const PROGRAMS = ['ceph', 'ceph-mon', 'ceph-osd', 'monmaptool', 'radosgw', 'radosgw-admin'];

/** Why the gateway cannot be started here, and the command that changes it. */
export function cephMissing(): string | undefined {
  const absent = PROGRAMS.filter((name) => !onPath(name));
  if (absent.length === 0) return undefined;
  return `no ${absent.join(', ')}: apt-get install --no-install-recommends radosgw ceph-mon ceph-osd`;
}

/** Starts the gateway, in about 13 s. Objects lie in memory; create buckets before a crash (the first one after it takes 25 s). */
export async function startCeph(): Promise<CephGateway> {
  const place = scratch('ceph');
  const [v2 = 0, v1 = 0, port = 0] = await freePorts(3);
  const monitor = `[v2:127.0.0.1:${v2},v1:127.0.0.1:${v1}]`;
  const config = join(place.folder, 'ceph.conf');
  const [fsid, osd] = [randomUUID(), randomUUID()];
  const ceph = (program: string, ...args: string[]) => command(program, ['-c', config, ...args]);
  try {
    for (const name of ['mon', 'osd', 'run', 'log']) mkdirSync(join(place.folder, name));
    writeFileSync(config, configuration(place.folder, fsid, monitor, port));

    const map = join(place.folder, 'monmap');
    command('monmaptool', ['--create', '--addv', 'a', monitor, '--fsid', fsid, map]);
    ceph('ceph-mon', '--mkfs', '-i', 'a', '--monmap', map);
    place.start('ceph-mon', ['-f', '-i', 'a', '-c', config]);

    // The daemon never comes up unless it is made with the very id that the monitor was told.
    ceph('ceph', 'osd', 'new', osd);
    ceph('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', osd);
    ceph('ceph', 'osd', 'crush', 'add', 'osd.0', '1', 'root=default', 'host=localhost');
    place.start('ceph-osd', ['-f', '-i', '0', '-c', config]);

    const endpoint = `http://127.0.0.1:${port}`;
    const start = async () => {
      const gateway = place.start('radosgw', ['-f', '-n', 'client.rgw', '-c', config]);
      await until('The Ceph gateway', async () => (await fetch(endpoint)).ok, gateway);
      return gateway;
    };
    let gateway = await start();
    const keys = { accessKeyId: 'AK', secretAccessKey: 'SK' };
    ceph('radosgw-admin', 'user', 'create', '--uid=t', '--display-name=t', '--access-key=AK', '--secret-key=SK');
    return {
      endpoint,
      port,
      ...keys,
      async crash() {
        await gateway.stop('SIGKILL');
        gateway = await start();
      },
      stop: () => place.end(),
    };
  } catch (error) {
    await place.end();
    throw error;
  }
}

/** One of everything, nothing replicated. Without `crc` mode the gateway waits for ever for a secure one. */
function configuration(folder: string, fsid: string, monitor: string, port: number): string {
  return `[global]
fsid=${fsid}
mon host=${monitor}
public network=127.0.0.0/8
auth cluster required=none
auth service required=none
auth client required=none
run dir=${folder}/run
admin socket=${folder}/run/$name.asok
pid file=${folder}/run/$name.pid
log file=${folder}/log/$name.log
osd pool default size=1
osd pool default min size=1
osd pool default pg num=1
osd pool default pg autoscale mode=off
osd crush chooseleaf type=0
mon allow pool size one=true
mon data avail crit=0
osd objectstore=memstore
memstore device bytes=2147483648
[mon.a]
mon data=${folder}/mon
[osd.0]
osd data=${folder}/osd
[client.rgw]
ms mon client mode=crc
rgw frontends=beast endpoint=127.0.0.1:${port}
`;
}
