import { expectedOf } from './check.js';
import type { Contract, FieldSpec, Fields } from './types.js';

/**
 * Who a change can break. A writer gives inputs to the model; a reader takes its outputs. `unknown` is a change whose
 * effect cannot be read off the contract: treat it as breaking until someone has looked.
 */
export type ChangeClass = 'safe' | 'breaking-writer' | 'breaking-reader' | 'unknown';

/** One difference between two contracts, and who it can break. */
export interface Change {
  /** `inputs.hour` */
  readonly path: string;
  readonly class: ChangeClass;
  readonly sentence: string;
}

/** What becomes of callers when one contract takes the place of another. */
export interface Compatibility {
  /** The worst of the changes; `safe` when there is none. */
  readonly class: ChangeClass;
  readonly changes: readonly Change[];
  /** How the version number should move: `major` when something may break, `none` when the digests are equal. */
  readonly bump: 'major' | 'minor' | 'patch' | 'none';
}

/**
 * What happens to callers of `before` when `after` takes its place. Inputs may take more, outputs may promise more;
 * the reverse breaks the other side. A changed unit always breaks: the same number means another thing.
 */
export function compatibility(before: Contract, after: Contract): Compatibility {
  if (before.digest === after.digest) return { class: 'safe', changes: [], bump: 'none' };
  const changes = [
    ...compareFields(before.inputs, after.inputs, 'inputs', after.unknownFields === 'refuse'),
    ...compareFields(before.outputs, after.outputs, 'outputs', false),
  ];
  if (before.unknownFields === 'drop' && after.unknownFields === 'refuse')
    changes.push({
      path: 'inputs',
      class: 'breaking-writer',
      sentence: 'Fields that the contract does not name are now refused.',
    });
  const worst = ORDER.find((c) => changes.some((change) => change.class === c)) ?? 'safe';
  return { class: worst, changes, bump: worst !== 'safe' ? 'major' : changes.length > 0 ? 'minor' : 'patch' };
}

const ORDER: readonly ChangeClass[] = ['breaking-writer', 'breaking-reader', 'unknown', 'safe'];

type Side = 'inputs' | 'outputs';

function* compareFields(before: Fields, after: Fields, side: Side, refuses: boolean): Generator<Change> {
  const shared = { before: sharedDims(before), after: sharedDims(after) };
  for (const name of Object.keys(before)) {
    const path = `${side}.${name}`;
    const now = after[name];
    if (now !== undefined) yield* compareField(before[name]!, now, path, side, shared);
    else if (side === 'outputs') yield change(path, 'breaking-reader', 'is no longer returned');
    else yield change(path, refuses ? 'breaking-writer' : 'safe', 'is no longer an input');
  }
  for (const name of Object.keys(after)) {
    if (before[name] !== undefined) continue;
    const path = `${side}.${name}`;
    if (side === 'outputs') yield change(path, 'safe', 'is a new output');
    else if (after[name]!.fallback) yield change(path, 'safe', 'is a new optional input');
    else yield change(path, 'breaking-writer', 'is a new required input');
  }
}

/** Symbolic dimensions that occur more than once: they have to be equal there, which no field says alone. */
interface SharedDims {
  readonly before: ReadonlySet<string>;
  readonly after: ReadonlySet<string>;
}

function sharedDims(fields: Fields): ReadonlySet<string> {
  const names = Object.values(fields).flatMap(({ dims = [] }) => dims.filter((dim) => typeof dim === 'string'));
  return new Set(names.filter((name, i) => names.indexOf(name) !== i));
}

function* compareField(
  before: FieldSpec,
  after: FieldSpec,
  path: string,
  side: Side,
  shared: SharedDims,
): Generator<Change> {
  const breaks: ChangeClass = side === 'inputs' ? 'breaking-writer' : 'breaking-reader';
  if ((before.unit ?? '') !== (after.unit ?? '')) {
    const known = before.unit !== undefined && after.unit !== undefined;
    const units = `${before.unit ?? 'not stated'} to ${after.unit ?? 'not stated'}`;
    yield change(path, known ? breaks : 'unknown', `changed its unit from ${units}`);
  }
  const values = compareValues(before, after, shared);
  if (values !== 'same') {
    const words = `was ${expectedOf(before)}, is now ${expectedOf(after)}`;
    const safe = side === 'inputs' ? values === 'wider' : values === 'narrower';
    yield change(path, values === 'unclear' ? 'unknown' : safe ? 'safe' : breaks, words);
  }
  yield* compareFallback(before, after, path, side);
}

function* compareFallback(before: FieldSpec, after: FieldSpec, path: string, side: Side): Generator<Change> {
  const was = before.fallback;
  const is = after.fallback;
  if (was === undefined && is !== undefined)
    yield change(path, side === 'inputs' ? 'safe' : 'breaking-reader', 'is now optional');
  else if (was !== undefined && is === undefined)
    yield change(path, side === 'inputs' ? 'breaking-writer' : 'safe', 'is now required');
  else if (was !== undefined && JSON.stringify(sorted(was)) !== JSON.stringify(sorted(is)))
    yield change(path, 'unknown', 'changed what happens when it is absent');
}

type Relation = 'same' | 'wider' | 'narrower' | 'unclear' | 'other';

/** How the values that `after` allows relate to those of `before`. */
function compareValues(before: FieldSpec, after: FieldSpec, shared: SharedDims): Relation {
  const parts = [nullability(before, after), kinds(before, after)];
  if (parts.includes('other')) return 'other';
  const a = numberOf(before);
  const b = numberOf(after);
  if (a && b) parts.push(bound(b.min - a.min), bound(a.max - b.max));
  if (isText(before) && isText(after)) {
    const [was, is] = [textOf(before), textOf(after)];
    parts.push(categories(was, is), pattern(was.pattern, is.pattern));
    parts.push(bound((is.minLength ?? 0) - (was.minLength ?? 0)));
    parts.push(bound((was.maxLength ?? Number.MAX_VALUE) - (is.maxLength ?? Number.MAX_VALUE)));
  }
  if (before.type === 'tensor' && after.type === 'tensor') parts.push(tensors(before, after, shared));
  return combine(parts);
}

function combine(parts: readonly Relation[]): Relation {
  if (parts.includes('other')) return 'other';
  const wider = parts.includes('wider');
  const narrower = parts.includes('narrower');
  // Wider in one way and narrower in another: some values that were allowed are not any more, and new ones are.
  if (wider && narrower) return 'other';
  if (parts.includes('unclear')) return wider || narrower ? 'other' : 'unclear';
  return wider ? 'wider' : narrower ? 'narrower' : 'same';
}

function nullability(before: FieldSpec, after: FieldSpec): Relation {
  if ((before.nullable ?? false) === (after.nullable ?? false)) return 'same';
  return after.nullable ? 'wider' : 'narrower';
}

function kinds(before: FieldSpec, after: FieldSpec): Relation {
  if (before.type === after.type) return 'same';
  if (before.type === 'timestamp' || after.type === 'timestamp') return 'other';
  if (numberOf(before) && numberOf(after)) {
    if (before.type === 'integer') return 'wider';
    return after.type === 'integer' ? 'narrower' : 'same';
  }
  return isText(before) && isText(after) ? 'same' : 'other';
}

function numberOf(spec: FieldSpec): { readonly min: number; readonly max: number } | undefined {
  if (spec.type === 'probability') return { min: 0, max: 1 };
  if (spec.type !== 'number' && spec.type !== 'integer' && spec.type !== 'timestamp') return undefined;
  return { min: spec.min ?? -Number.MAX_VALUE, max: spec.max ?? Number.MAX_VALUE };
}

/** What is checked of a text or category: the other's constraints may be written there, and say nothing. */
function textOf(spec: FieldSpec): Pick<FieldSpec, 'categories' | 'pattern' | 'minLength' | 'maxLength'> {
  if (spec.type === 'category') return { categories: spec.categories };
  const { pattern, minLength, maxLength } = spec;
  return { pattern, minLength, maxLength };
}

function isText(spec: FieldSpec): boolean {
  return spec.type === 'text' || spec.type === 'category';
}

/** A bound that moved inwards by `tightened`. */
function bound(tightened: number): Relation {
  return tightened === 0 ? 'same' : tightened > 0 ? 'narrower' : 'wider';
}

function categories(before: Pick<FieldSpec, 'categories'>, after: Pick<FieldSpec, 'categories'>): Relation {
  if (before.categories === undefined && after.categories === undefined) return 'same';
  if (before.categories === undefined) return 'narrower';
  if (after.categories === undefined) return 'wider';
  const was = new Set(before.categories);
  const is = new Set(after.categories);
  const added = after.categories.some((c) => !was.has(c));
  const removed = before.categories.some((c) => !is.has(c));
  return combine([added ? 'wider' : 'same', removed ? 'narrower' : 'same']);
}

function pattern(before: string | undefined, after: string | undefined): Relation {
  if (before === after) return 'same';
  if (before === undefined) return 'narrower';
  return after === undefined ? 'wider' : 'unclear';
}

function tensors(before: FieldSpec, after: FieldSpec, shared: SharedDims): Relation {
  const was = before.dims ?? [];
  const is = after.dims ?? [];
  if (before.dtype !== after.dtype || was.length !== is.length) return 'other';
  return combine(
    was.map((dim, i) => {
      const now = is[i]!;
      if (dim === now) return 'same';
      if (typeof dim === 'number')
        return typeof now === 'number' ? 'other' : shared.after.has(now) ? 'unclear' : 'wider';
      return typeof now === 'number' && !shared.before.has(dim) ? 'narrower' : 'unclear';
    }),
  );
}

function change(path: string, kind: ChangeClass, what: string): Change {
  return { path, class: kind, sentence: `\`${path}\` ${what}.` };
}

function sorted(value: object | undefined): unknown {
  return value && Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
