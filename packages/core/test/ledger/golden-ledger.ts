import { digestBytes, encodeUtf8, seededRandom } from '@millwright/core';
import {
  erasureProjection,
  featuresRequired,
  holdPlaced,
  type Ledger,
  openLedger,
  segmentProjection,
} from '@millwright/core/ledger';
import { lineageProjection, lineageRecorded, toJson } from '@millwright/core/lineage';
import { retentionProjection, retentionSet } from '@millwright/core/retention';
import { type LogStore, memoryLog } from '@millwright/core/storage';
import { virtualClock } from '@millwright/core/testing';
import { all, raise, tally } from './support.js';

/** A small ledger with one of everything that the format has. It is the same on every run. */
export async function writeGoldenLedger(): Promise<LogStore> {
  const log = memoryLog();
  const clock = virtualClock(1_767_225_600_000);
  const ledger = await openGolden(log, clock);
  const write = (...events: Parameters<typeof raise>[]) =>
    ledger.commit(() => ({ events: events.map((args) => raise(...args)), result: 0 }));
  await clock.advance(1_000);
  await write(['first'], ['naïve “text” 😀\n', 2], ['', -0.5]);
  await ledger.commit(() => ({ events: [raise('keyed')], result: 0 }), { idempotencyKey: 'key-1', actor: 'paul' });
  clock.set(0);
  await Promise.all(['x', 'y', 'z'].map((label) => write([label, 1e-7])));
  const digest = digestBytes(encodeUtf8('model'));
  const [run, model] = [
    { id: 'run:1', kind: 'run', label: 'train' },
    { id: 'model:m@1', kind: 'model', label: 'm', digest },
  ] as const;
  await ledger.commit(() => ({ events: [lineageRecorded([run, model], [{ from: run.id, to: model.id }])], result: 0 }));
  await ledger.commit(() => ({
    events: [
      holdPlaced([{ commitment: digest }], 'case 7'),
      { type: 'redaction.applied', data: { refs: [digestBytes(encodeUtf8('gone'))], legalBasis: 'GDPR Art. 17' } },
      { type: 'segment.sealed', data: { stream: 's', digest, bytes: 5, count: 1, from: 1, to: 2, root: digest } },
      { type: 'future.happened', data: { __proto__x: null, '10': [true, {}], '9': 1e21 / 1e6 } },
      featuresRequired({ writerFeatures: [] }),
    ],
    result: 0,
  }));
  const ref = { alg: 'sha256-salted', commitment: digest, class: 'comment' };
  await ledger.commit(() => ({
    events: [
      { type: 'golden.judged', version: 2, critical: true, data: { comments: [ref] } },
      retentionSet({ of: 'payload', name: 'comment', keepMs: 1, deleteAfterMs: 2, basis: 'rule 3' }),
      { type: 'tally.raised', version: 2, data: { label: 'of a later version', by: 9 } },
    ],
    result: 0,
    policy: digest,
  }));
  return log;
}

export function openGolden(log: LogStore, clock = virtualClock(0)): Promise<Ledger> {
  const projections = [tally, lineageProjection, erasureProjection, segmentProjection, retentionProjection];
  const features = ['event:golden.judged'];
  return openLedger({ log, actor: 'maria', clock, random: seededRandom(20_260_101), projections, features });
}

/** Everything that a reader gets out of a ledger, as JSON. */
export async function readingsOf(ledger: Ledger) {
  const { redacted, held } = ledger.state(erasureProjection);
  const { rules, payloads } = ledger.state(retentionProjection);
  return {
    id: ledger.id,
    head: ledger.head,
    events: await all(ledger.read()),
    tally: ledger.state(tally),
    lineage: toJson(ledger.state(lineageProjection)),
    erasures: { redacted: [...redacted], held: [...held] },
    segments: [...ledger.state(segmentProjection)],
    retention: { rules: [...rules], payloads: [...payloads] },
  };
}
