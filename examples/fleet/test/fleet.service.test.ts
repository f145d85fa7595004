import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { describeService } from '../../../test/services/lane.js';
import { postgresMissing } from '../../../test/services/postgres.js';

const home = resolve(import.meta.dirname, '..');

/** What the README shows, whoever does it and however long it takes. */
const STORY = [
  /^a, b and c serve shipping@1/,
  /^[abc] gives 10 % of the customers shipping@2$/,
  /^[abc] gives 50 % of them shipping@2, and is killed/,
  /^[abc] makes shipping@2 the champion. Every metric is proved to be within its margin/,
  /^[abc] is started again and serves shipping@2$/,
  /^[abc] gives 10 % of the customers shipping@3/,
  /^[abc] takes it back. In the 10 % stage, .* errors is .* with shipping@3 and 0 % with the champion/,
  /^\d+ ms later the last of 3 processes had followed$/,
  /^0 customers went without a price/,
  /^champion: shipping@2, ledger ok: true$/,
];

describeService('a fleet on PostgreSQL', postgresMissing('npm'), () => {
  test('loses the process that leads, goes on, and takes back what is bad', async () => {
    const { stdout, stderr } = await promisify(execFile)('npm', ['start', '--silent'], { cwd: home });
    expect(stderr.replaceAll(/^npm warn.*\n/gm, '')).toBe('');
    const said = stdout.trim().split('\n');
    expect(said).toEqual(STORY.map((line) => expect.stringMatching(line)));
    const killed = said[2]?.[0];
    expect(said[3]?.[0]).not.toBe(killed);
    expect(said[4]?.[0]).toBe(killed);
  });
});
