export { type ArrowTable, tableFromArrow } from './arrow.js';
export { internStrings } from './intern.js';
export {
  copyBig,
  copyNumbers,
  type EncodedColumn,
  readCodes,
  readNumbers,
  readStrings,
} from './read.js';
export { columnOf, concatTables, rowOf, selectColumns, sliceTable, valueAt } from './table.js';
export { type ColumnInput, type PlainValue, tableFrom, tableFromRows } from './table-from.js';
export { takeRows } from './take-rows.js';
export type * from './types.js';
export { decodeUtf8Slot } from './utf8.js';
export { isValid, validityFrom } from './validity.js';
