import { Component, type ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Pages } from '../resource.js';
import { Failure } from './states.js';

export interface Column<T> {
  readonly label: string;
  /** Left out where the window is narrow. */
  readonly minor?: boolean | undefined;
  readonly numeric?: boolean | undefined;
  /** CSS width; the others share what is left. */
  readonly width?: string | undefined;
  cell(row: T): ComponentChildren;
}

/** Pixels; `.rows td` in the style sheet says the same. */
const ROW = 44;
/** Rows beyond the visible ones, so that Tab finds the next link and quick scrolling finds no hole. */
const AROUND = 12;

/** A table of any length: only the rows in view are in the page, and pages are asked for as their rows come near. */
export function VirtualTable<T>({
  caption,
  columns,
  pages,
  keyOf,
  total,
  empty,
}: {
  readonly caption: string;
  readonly columns: readonly Column<T>[];
  readonly pages: Pages<T>;
  readonly keyOf: (row: T) => string;
  /** Of all rows, where it is known before they have been asked for. */
  readonly total?: number | undefined;
  /** What is said when there are none. */
  readonly empty: string;
}) {
  const { items, open, error, more } = pages;
  const scroller = useRef<HTMLDivElement>(null);
  const [first, setFirst] = useState(0);
  const [height, setHeight] = useState(600);
  useEffect(() => {
    const box = scroller.current;
    if (box === null) return;
    const observer = new ResizeObserver(() => setHeight(box.clientHeight));
    observer.observe(box);
    return () => observer.disconnect();
  }, [items.length === 0]);
  const from = Math.max(0, Math.min(first, items.length) - AROUND);
  const until = Math.min(items.length, first + Math.ceil(height / ROW) + AROUND);
  useEffect(() => {
    if (open && until + 2 * AROUND >= items.length) more();
  }, [open, until, items.length, more]);

  if (error !== undefined) return <Failure error={error} />;
  if (items.length === 0) return open ? <p class="waiting">Loading…</p> : <p class="empty">{empty}</p>;
  return (
    <section
      class="rows"
      ref={scroller}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard
      tabIndex={0}
      aria-label={caption}
      onScroll={(event) => setFirst(Math.floor(event.currentTarget.scrollTop / ROW))}
    >
      <table aria-rowcount={(total ?? (open ? -1 : items.length)) + (total === undefined && open ? 0 : 1)}>
        <caption class="hidden">{caption}</caption>
        <colgroup>
          {columns.map((column) => (
            <col
              key={column.label}
              class={column.minor === true ? 'minor' : ''}
              style={column.width === undefined ? {} : { width: column.width }}
            />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <th key={column.label} scope="col" class={cellClass(column)}>
                {column.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {from > 0 && <Gap rows={from} />}
          {items.slice(from, until).map((row, i) => (
            <Row key={keyOf(row)} row={row} index={from + i} columns={columns} />
          ))}
          {until < items.length && <Gap rows={items.length - until} />}
        </tbody>
      </table>
    </section>
  );
}

function cellClass<T>({ minor, numeric }: Column<T>): string {
  return [minor === true && 'minor', numeric === true && 'num'].filter(Boolean).join(' ');
}

interface RowProps<T> {
  readonly row: T;
  readonly index: number;
  readonly columns: readonly Column<T>[];
}

/** Made once: while others scroll in and out, it is left alone. */
class Row<T> extends Component<RowProps<T>> {
  override shouldComponentUpdate({ row, index, columns }: RowProps<T>): boolean {
    return row !== this.props.row || index !== this.props.index || columns !== this.props.columns;
  }

  render({ row, index, columns }: RowProps<T>) {
    return (
      <tr aria-rowindex={index + 2}>
        {columns.map((column) => (
          <td key={column.label} class={cellClass(column)}>
            {column.cell(row)}
          </td>
        ))}
      </tr>
    );
  }
}

/** The place of rows that are not drawn. */
function Gap({ rows }: { readonly rows: number }) {
  return <tr class="gap" style={{ height: `${rows * ROW}px` }} />;
}
