import { type Table, tableFrom } from '@millwright/core/table';

/**
 * Descriptors as columns of a table, one row each; a missing modality (undefined) is a row of nulls. Descriptors are just
 * columns: the same monitor watches them.
 */
export function descriptorTable<D extends object>(descriptors: readonly (D | undefined)[], prefix = ''): Table {
  const names = Object.keys(descriptors.find((descriptor) => descriptor !== undefined) ?? {}) as (keyof D & string)[];
  return tableFrom(
    Object.fromEntries(
      names.map((name) => [
        `${prefix}${name}`,
        descriptors.map((descriptor) => (descriptor === undefined ? null : Number(descriptor[name]))),
      ]),
    ),
  );
}
