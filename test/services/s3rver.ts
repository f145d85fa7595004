import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts, type Scratch, scratch, until } from './process.js';

/** s3rver, a popular S3 imitation that reads conditions and ignores them. Not maintained, so never a dependency. */
export interface S3rver {
  readonly endpoint: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  stop(): Promise<void>;
}

const VERSION = '3.7.1';

/** Installs it into a folder of its own, in some seconds; the reason when npm could not. */
export function installS3rver(): { readonly place: Scratch } | { readonly missing: string } {
  const place = scratch('s3rver');
  const args = [
    'install',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--prefix',
    place.folder,
    `s3rver@${VERSION}`,
  ];
  const { status } = spawnSync('npm', args, { cwd: place.folder, encoding: 'utf8', timeout: 110_000 });
  if (status === 0) return { place };
  void place.end();
  return { missing: `no s3rver: npm install s3rver@${VERSION} must reach a registry` };
}

export async function startS3rver(place: Scratch): Promise<S3rver> {
  const [port = 0] = await freePorts(1);
  const bucket = 'bucket';
  const folder = join(place.folder, 'objects');
  mkdirSync(folder);
  const server = place.start(process.execPath, [
    join(place.folder, 'node_modules/s3rver/bin/s3rver.js'),
    ...['--directory', folder, '--address', '127.0.0.1', '--port', `${port}`, '--configure-bucket', bucket],
  ]);
  const endpoint = `http://127.0.0.1:${port}`;
  await until('s3rver', async () => (await fetch(endpoint)).status < 500, server);
  return { endpoint, bucket, accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER', stop: () => place.end() };
}
