import { readFileSync } from 'node:fs';
import { encodeUtf8 } from '@millwright/core';
import { verifyLog } from '@millwright/core/ledger';
import { memoryLog, type StoredCommit } from '@millwright/core/storage';
import { describe, expect, test } from 'vitest';
import { openGolden, readingsOf, writeGoldenLedger } from './golden-ledger.js';
import { all, frozenLog } from './support.js';

/**
 * Ledgers as they were written by releases. Every later release must read all of them identically, for ever; a change of
 * format adds a file and never changes one. The file of the present format holds what `writeGoldenLedger` writes.
 */
const RELEASES = ['0.1', '0.1-evolution'];

interface Golden {
  readonly commits: readonly {
    readonly seq: number;
    readonly commitId: StoredCommit['commitId'];
    readonly text: string;
  }[];
  readonly readings: object;
}

const golden = (release: string): Golden =>
  JSON.parse(readFileSync(new URL(`../vectors/golden-ledger-${release}.json`, import.meta.url), 'utf8'));

const commitsOf = ({ commits }: Golden): StoredCommit[] =>
  commits.map(({ text, ...place }) => ({ ...place, bytes: encodeUtf8(text) }));

describe.each(RELEASES)('a ledger of release %s', (release) => {
  test('is sound and folds as it did', async () => {
    const log = frozenLog(commitsOf(golden(release)));
    expect(await verifyLog(log)).toMatchObject({ ok: true });
    // Later releases may read more out of it, never anything else.
    expect(JSON.parse(JSON.stringify(await readingsOf(await openGolden(log))))).toMatchObject(golden(release).readings);
  });

  test('can be written to', async () => {
    const log = memoryLog();
    for (const commit of commitsOf(golden(release))) await log.append(commit);
    const ledger = await openGolden(log);
    await ledger.commit(() => ({ events: [{ type: 'later.happened', data: {} }], result: 0 }));
    expect((await ledger.verify()).ok).toBe(true);
  });
});

test('the present release writes the same bytes', async () => {
  const commits = await all((await writeGoldenLedger()).read({ from: 1 }));
  expect(commits.map(({ bytes }) => new TextDecoder().decode(bytes))).toEqual(
    golden(RELEASES.at(-1)!).commits.map(({ text }) => text),
  );
});
