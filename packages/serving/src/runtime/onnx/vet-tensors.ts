import { INT64 } from './element-types.js';
import { fieldsOf, packedVarints, rawInt64s } from './protobuf.js';
import { readText, type Walk } from './vet-walk.js';

/** A TensorProto: its name, and whether its values lie in another file. */
export function readTensor(walk: Walk, bytes: Uint8Array, constant?: string): string {
  let name = '';
  let external = false;
  let type = 0;
  const values: number[] = [];
  const entries = new Map<string, string>();
  let count = 1;
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) for (const dim of field.bytes ? packedVarints(field.bytes) : [field.value]) count *= dim;
    if (field.number === 2) type = field.value;
    if (field.number === 7 && values.length <= 8)
      for (const value of field.bytes ? packedVarints(field.bytes) : [field.value]) values.push(value);
    if (field.number === 9 && field.bytes && field.bytes.length <= 64) values.push(...rawInt64s(field.bytes));
    if (field.number === 8 && field.bytes) name = readText(walk, field.bytes);
    if (field.number === 13 && field.bytes) readEntry(walk, field.bytes, entries);
    if (field.number === 14) external = field.value === 1;
  }
  // No element takes less than half a byte. Room would be made for all before anybody sees that they are not there.
  const hasRoom = external || entries.size > 0 || count <= 2 * bytes.length;
  if (!(count >= 0 && count <= Number.MAX_SAFE_INTEGER && hasRoom))
    walk.reasons.add(`The weights \`${name}\` have impossible dimensions.`);
  if (type === INT64 && values.length <= 8)
    walk.sizes.set(
      constant ?? name,
      values.reduce((product, value) => product * value, 1),
    );
  if (external || entries.size > 0) checkExternal(walk, name, entries);
  return name;
}

/** A SparseTensorProto: its values and its indices. */
export function readSparse(walk: Walk, bytes: Uint8Array, names: Set<string>): void {
  for (const { number, bytes: body } of fieldsOf(bytes))
    if ((number === 1 || number === 2) && body) names.add(readTensor(walk, body));
}

function readEntry(walk: Walk, bytes: Uint8Array, entries: Map<string, string>): void {
  let key = '';
  let value = '';
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1 && field.bytes) key = readText(walk, field.bytes);
    if (field.number === 2 && field.bytes) value = readText(walk, field.bytes);
  }
  entries.set(key, value);
}

function checkExternal(walk: Walk, name: string, entries: ReadonlyMap<string, string>): void {
  const location = entries.get('location') ?? '';
  walk.externalFiles.add(location);
  const size = walk.options.sideFiles.get(location);
  const offset = Number(entries.get('offset') ?? 0);
  const length = Number(entries.get('length') ?? (size ?? 0) - offset);
  if (size === undefined) {
    walk.reasons.add(`The weights \`${name}\` lie in \`${location}\`, a file that the manifest does not list.`);
  } else if (
    !(
      Number.isSafeInteger(offset) &&
      Number.isSafeInteger(length) &&
      offset >= 0 &&
      length >= 0 &&
      offset + length <= size
    )
  ) {
    walk.reasons.add(`The weights \`${name}\` lie outside their file \`${location}\`.`);
  }
}
