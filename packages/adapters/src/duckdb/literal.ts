/** A name in SQL. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A string in SQL; undefined for what DuckDB's strings cannot hold. */
export function text(value: string): string | undefined {
  if (!value.isWellFormed() || value.includes('\0')) return undefined;
  return `'${value.replaceAll("'", "''")}'`;
}

/** A number in SQL as the double it is: without a cast DuckDB reads `0.1` as a decimal. */
export function double(value: number): string {
  return `'${value}'::DOUBLE`;
}
