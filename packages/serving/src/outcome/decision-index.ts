import { type IdentityTable, identityTable } from './identity-table.js';

/**
 * Decision id to row number, in generations that are dropped whole once nothing in them can be asked for, so nothing is ever
 * deleted one by one.
 */
export function decisionIndex(keepMs: number) {
  let generations: { readonly table: IdentityTable; readonly from: number; until: number }[] = [];
  return {
    add(id: string, row: number, time: number) {
      let newest = generations[0];
      if (newest === undefined || time - newest.from > keepMs / 4) {
        newest = { table: identityTable(newest?.table.size), from: time, until: time };
        generations = [newest, ...generations];
      }
      newest.table.set(id, row, 0);
      if (time > newest.until) newest.until = time;
    },
    /** The row number that was added, or -1. */
    find(id: string): number {
      for (const { table } of generations) {
        const place = table.find(id);
        if (place >= 0) return table.first(place);
      }
      return -1;
    },
    forget(now: number) {
      const last = generations.at(-1);
      if (last !== undefined && last.until + keepMs < now)
        generations = generations.filter(({ until }) => until + keepMs >= now);
    },
  };
}
