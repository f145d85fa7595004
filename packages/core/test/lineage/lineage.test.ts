import { digestBytes } from '@millwright/core';
import { openLedger } from '@millwright/core/ledger';
import {
  ancestors,
  descendants,
  impact,
  type LineageEdge,
  type LineageNode,
  lineageGraph,
  lineageProjection,
  lineageRecorded,
  paths,
  toDot,
  toJson,
  toMermaid,
} from '@millwright/core/lineage';
import { memoryLog } from '@millwright/core/storage';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const node = (id: string, label = id): LineageNode => ({ id, kind: id.split(':')[0] as LineageNode['kind'], label });
const edge = (from: string, to: string): LineageEdge => ({ from, to });
const ids = (nodes: readonly LineageNode[]) => nodes.map(({ id }) => id);

const nodes = ['dataset:raw@1', 'run:clean', 'dataset:curated@1', 'run:train', 'model:delay@1', 'report:eval'].map(
  (id) => node(id),
);
const edges = [
  edge('dataset:raw@1', 'run:clean'),
  edge('run:clean', 'dataset:curated@1'),
  edge('dataset:curated@1', 'run:train'),
  edge('run:train', 'model:delay@1'),
  edge('dataset:raw@1', 'report:eval'),
  edge('model:delay@1', 'report:eval'),
];
const graph = lineageGraph(nodes, edges);

describe('questions', () => {
  test('what went into it, what came of it, which models saw it', () => {
    expect(ids(ancestors(graph, 'model:delay@1'))).toEqual([
      'run:train',
      'dataset:curated@1',
      'run:clean',
      'dataset:raw@1',
    ]);
    expect(ids(descendants(graph, 'dataset:curated@1'))).toEqual(['run:train', 'model:delay@1', 'report:eval']);
    expect(ids(impact(graph, 'dataset:raw@1', 'model'))).toEqual(['model:delay@1']);
    expect(ancestors(graph, 'dataset:raw@1')).toEqual([]);
    expect(descendants(graph, 'nobody:knows')).toEqual([]);
  });

  test('all ways from one to another', () => {
    expect(paths(graph, 'dataset:raw@1', 'report:eval').map(ids)).toEqual([
      ['dataset:raw@1', 'run:clean', 'dataset:curated@1', 'run:train', 'model:delay@1', 'report:eval'],
      ['dataset:raw@1', 'report:eval'],
    ]);
    expect(paths(graph, 'report:eval', 'dataset:raw@1')).toEqual([]);
    expect(paths(graph, 'dataset:raw@1', 'report:eval', { limit: 1 })).toHaveLength(1);
  });

  test('circles end', () => {
    const ring = lineageGraph(
      [],
      [edge('run:a', 'run:b'), edge('run:b', 'run:c'), edge('run:c', 'run:a'), edge('run:c', 'run:d')],
    );
    expect(ids(descendants(ring, 'run:a'))).toEqual(['run:b', 'run:c', 'run:d']);
    expect(ids(ancestors(ring, 'run:a'))).toEqual(['run:c', 'run:b']);
    expect(paths(ring, 'run:a', 'run:d').map(ids)).toEqual([['run:a', 'run:b', 'run:c', 'run:d']]);
  });

  test('a chain of 20,000 nodes does not end the stack, nor do 2^40 ways take for ever', () => {
    const long = lineageGraph(
      [],
      Array.from({ length: 20_000 }, (_, i) => edge(`run:${i}`, `run:${i + 1}`)),
    );
    expect(ancestors(long, 'run:20000')).toHaveLength(20_000);
    expect(paths(long, 'run:0', 'run:20000')[0]).toHaveLength(20_001);
    const ladder = lineageGraph(
      [],
      Array.from({ length: 40 }, (_, i) =>
        ['x', 'y'].flatMap((s) => [edge(`run:${i}`, `run:${i}${s}`), edge(`run:${i}${s}`, `run:${i + 1}`)]),
      ).flat(),
    );
    expect(paths(ladder, 'run:0', 'run:40', { limit: 7 })).toHaveLength(7);
  });

  test('ancestors and descendants are each other turned round', () => {
    const arbitraryEdges = fc.array(fc.tuple(fc.nat(12), fc.nat(12)), { maxLength: 40 });
    fc.assert(
      fc.property(arbitraryEdges, (pairs) => {
        const g = lineageGraph(
          [],
          pairs.map(([a, b]) => edge(`run:${a}`, `run:${b}`)),
        );
        for (const a of g.nodes.keys())
          for (const b of descendants(g, a)) if (b.id !== a) expect(ids(ancestors(g, b.id))).toContain(a);
      }),
    );
  });
});

describe('lineageProjection', () => {
  test('folds what was recorded, in any number of commits', async () => {
    const ledger = await openLedger({ log: memoryLog(), actor: 'maria', projections: [lineageProjection] });
    const digest = digestBytes(new Uint8Array([1]));
    const record = (n: LineageNode[], e: LineageEdge[]) =>
      ledger.commit(() => ({ events: [lineageRecorded(n, e)], result: undefined }));
    await Promise.all([
      record([{ ...nodes[0]!, digest }], []),
      record([nodes[1]!], [edge('dataset:raw@1', 'run:clean'), edge('run:clean', 'model:later@1')]),
    ]);
    await record([node('model:later@1', 'The later model')], [edge('run:clean', 'model:later@1')]);
    const folded = ledger.state(lineageProjection);
    expect(folded.nodes.get('dataset:raw@1')?.digest).toBe(digest);
    expect(toJson(folded)).toMatchObject({
      nodes: [{ id: 'dataset:raw@1' }, { id: 'run:clean' }, { id: 'model:later@1', label: 'The later model' }],
      edges: [edge('dataset:raw@1', 'run:clean'), edge('run:clean', 'model:later@1')],
    });
  });

  test('skips what makes no sense', () => {
    const apply = (data: object) =>
      lineageProjection.apply(lineageProjection.init(), { type: 'lineage.recorded', data } as never);
    for (const data of [
      {},
      { nodes: 7 },
      { nodes: [null, 1, [], { id: 1 }, { id: 'a', kind: 'ghost' }] },
      { edges: [{ from: 'a' }] },
    ])
      expect(apply(data).nodes.size).toBe(0);
    expect(apply({ nodes: [{ id: '__proto__', kind: 'run' }] }).nodes.size).toBe(1);
  });
});

describe('export', () => {
  test('Mermaid and DOT, of all or of what touches one node', () => {
    const small = lineageGraph(
      [node('dataset:d@1', 'A "quoted" <b>\nset #1'), node('run:r'), node('run:other')],
      [edge('dataset:d@1', 'run:r')],
    );
    expect(toMermaid(small, 'run:r')).toBe(
      'flowchart LR\n  n0[("A #quot;quoted#quot; #lt;b#gt; set #35;1")]\n  n1(["run:r"])\n  n0 --> n1\n',
    );
    expect(toDot(small, 'dataset:d@1')).toBe(
      'digraph lineage {\n  rankdir=LR;\n  n0 [label="A \\"quoted\\" <b> set #1" shape=cylinder class="dataset"];\n' +
        '  n1 [label="run:r" shape=ellipse class="run"];\n  n0 -> n1;\n}\n',
    );
    expect(toJson(small).nodes).toHaveLength(3);
    expect(toJson(small, 'run:other')).toEqual({ nodes: [node('run:other')], edges: [] });
  });
});
