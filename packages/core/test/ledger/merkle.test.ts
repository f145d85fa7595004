import { encodeUtf8, fromHex, toHex } from '@millwright/core';
import { emptyRoot, extendsTree, includes, leafHash, merkleTree, nodeHash } from '@millwright/core/ledger';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const entry = (i: number) => encodeUtf8(`entry ${i}`);

function treeOf(size: number) {
  const tree = merkleTree();
  for (let i = 0; i < size; i++) tree.append(leafHash(entry(i)));
  return tree;
}

/** RFC 6962 §2.1, written down as it stands there. */
function rootByDefinition(entries: readonly Uint8Array[]): Uint8Array {
  if (entries.length === 0) return emptyRoot();
  if (entries.length === 1) return leafHash(entries[0]!);
  let k = 1;
  while (2 * k < entries.length) k *= 2;
  return nodeHash(rootByDefinition(entries.slice(0, k)), rootByDefinition(entries.slice(k)));
}

describe('hashes', () => {
  test('have the values that every implementation of RFC 6962 has', () => {
    expect(toHex(emptyRoot())).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(toHex(leafHash(new Uint8Array()))).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
    expect(toHex(leafHash(encodeUtf8('L123456')))).toBe(
      '395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56',
    );
    expect(toHex(nodeHash(encodeUtf8('N123'), encodeUtf8('N456')))).toBe(
      'aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb',
    );
  });

  test('the roots of the reference tree of certificate transparency', () => {
    const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
    const roots = [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ];
    const tree = merkleTree();
    leaves.forEach((leaf, i) => {
      tree.append(leafHash(fromHex(leaf)));
      expect(toHex(tree.root())).toBe(roots[i]);
    });
  });
});

describe('merkleTree', () => {
  test('has the root of the definition at every size, also looking back', () => {
    const tree = treeOf(70);
    const entries = Array.from({ length: 70 }, (_, i) => entry(i));
    for (let size = 0; size <= 70; size++) expect(tree.root(size)).toEqual(rootByDefinition(entries.slice(0, size)));
  });

  test('forgets leaves and goes on as if they had never been', () => {
    fc.assert(
      fc.property(fc.nat(40), fc.nat(40), fc.nat(40), (kept, dropped, added) => {
        const tree = treeOf(kept);
        for (let i = 0; i < dropped; i++) tree.append(leafHash(encodeUtf8('dropped')));
        tree.truncate(kept);
        for (let i = kept; i < kept + added; i++) tree.append(leafHash(entry(i)));
        expect(tree.root()).toEqual(treeOf(kept + added).root());
      }),
    );
  });

  test('refuses places outside', () => {
    const tree = treeOf(3);
    for (const ask of [
      () => tree.leaf(3),
      () => tree.root(4),
      () => tree.inclusionPath(3),
      () => tree.inclusionPath(-1),
      () => tree.consistencyPath(0),
      () => tree.consistencyPath(4),
    ])
      expect(ask).toThrow(expect.objectContaining({ code: 'input/invalid' }));
  });
});

const flipBit = (hash: Uint8Array, bit: number) => {
  const out = hash.slice();
  out[bit >> 3]! ^= 1 << (bit & 7);
  return out;
};

describe('inclusion proofs', () => {
  test('every one verifies and every changed one fails', () => {
    const tree = treeOf(300);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(299), fc.nat(255), fc.nat(), (size, at, bit, which) => {
        const index = at % size;
        const proof = {
          index,
          size,
          leaf: tree.leaf(index),
          path: tree.inclusionPath(index, size),
          root: tree.root(size),
        };
        expect(includes(proof)).toBe(true);
        const { path } = proof;
        const changed = [
          { ...proof, leaf: flipBit(proof.leaf, bit) },
          { ...proof, root: flipBit(proof.root, bit) },
          { ...proof, path: [...path, tree.root()] },
          { ...proof, index: size },
          { ...proof, index: -1 },
          { ...proof, size: 0 },
          { ...proof, index: 0.5 },
          ...(path.length > 0
            ? [
                { ...proof, path: path.slice(1) },
                { ...proof, path: path.map((hash, i) => (i === which % path.length ? flipBit(hash, bit) : hash)) },
                { ...proof, path: [path[0]!.subarray(1), ...path.slice(1)] },
                { ...proof, index: index ^ 1 },
              ]
            : []),
        ];
        for (const bad of changed) expect(includes(bad)).toBe(false);
      }),
    );
  });

  test('sizes beyond 32 bits are counted rightly', () => {
    const path = Array.from({ length: 52 }, (_, i) => leafHash(entry(i)));
    const leaf = leafHash(entry(99));
    const root = path.reduce((hash, sibling) => nodeHash(hash, sibling), leaf);
    expect(includes({ index: 0, size: 2 ** 52, leaf, path, root })).toBe(true);
    expect(includes({ index: 2 ** 33, size: 2 ** 52, leaf, path, root })).toBe(false);
  });
});

describe('consistency proofs', () => {
  test('every one verifies and every changed one fails', () => {
    const tree = treeOf(200);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 200 }),
        fc.nat(255),
        fc.nat(),
        (a, b, bit, which) => {
          const [first, second] = a < b ? [a, b] : [b, a];
          const path = tree.consistencyPath(first, second);
          const proof = { first, firstRoot: tree.root(first), second, secondRoot: tree.root(second), path };
          expect(extendsTree(proof)).toBe(true);
          const changed = [
            { ...proof, firstRoot: flipBit(proof.firstRoot, bit) },
            { ...proof, secondRoot: flipBit(proof.secondRoot, bit) },
            { ...proof, path: [...path, tree.root()] },
            { ...proof, first: 0 },
            { ...proof, first: second + 1 },
            ...(path.length > 0
              ? [
                  { ...proof, path: path.slice(0, -1) },
                  { ...proof, path: path.map((hash, i) => (i === which % path.length ? flipBit(hash, bit) : hash)) },
                  { ...proof, path: [] },
                  { ...proof, firstRoot: proof.secondRoot, secondRoot: proof.firstRoot },
                ]
              : []),
          ];
          for (const bad of changed) expect(extendsTree(bad)).toBe(false);
        },
      ),
    );
  });

  test('a rewritten history has no proof', () => {
    const tree = treeOf(8);
    const rewritten = merkleTree();
    for (let i = 0; i < 12; i++) rewritten.append(leafHash(entry(i === 3 ? 33 : i)));
    for (let first = 4; first <= 8; first++) {
      const path = rewritten.consistencyPath(first, 12);
      expect(extendsTree({ first, firstRoot: tree.root(first), second: 12, secondRoot: rewritten.root(), path })).toBe(
        false,
      );
    }
  });
});

describe('compact range', () => {
  test('a tree goes on from its range as if it had all leaves', () => {
    fc.assert(
      fc.property(fc.nat(70), fc.integer({ min: 0, max: 70 }), (before, after) => {
        const whole = treeOf(before);
        const rest = merkleTree({ size: before, hashes: whole.range() });
        expect(rest.root()).toEqual(whole.root());
        for (let i = before; i < before + after; i++) {
          whole.append(leafHash(entry(i)));
          rest.append(leafHash(entry(i)));
          expect(rest.root()).toEqual(whole.root());
        }
        expect(rest.range()).toEqual(whole.range());
        rest.truncate(before);
        expect(rest.root()).toEqual(treeOf(before).root());
        if (before > 0)
          expect(() => rest.truncate(before - 1)).toThrow(expect.objectContaining({ code: 'input/invalid' }));
      }),
    );
  });

  test('refuses a range of the wrong length, and leaves that it never had', () => {
    expect(() => merkleTree({ size: 3, hashes: [] })).toThrow(expect.objectContaining({ code: 'input/invalid' }));
    const rest = merkleTree({ size: 5, hashes: treeOf(5).range() });
    expect(() => rest.leaf(0)).toThrow(expect.objectContaining({ code: 'input/invalid' }));
    expect(() => rest.inclusionPath(1)).toThrow(expect.objectContaining({ code: 'input/invalid' }));
  });
});
