import type { ComponentChildren } from 'preact';
import { formatNumber, formatTime } from '../../src/html-report/format.js';

/** A moment, UTC; in narrow lists only its day. */
export function Time({ at }: { readonly at: number }) {
  const [day, clock] = formatTime(at).split(' ');
  return (
    <time dateTime={new Date(at).toISOString()}>
      {day}
      {clock !== undefined && <span class="clock"> {clock}</span>}
    </time>
  );
}

/** A number that may have come as a text: what JSON cannot say is written out by the service. */
export function Figure({ value }: { readonly value: number | string | undefined }) {
  return <>{formatNumber(typeof value === 'string' ? Number(value) : value)}</>;
}

/** Names with values, in pairs. What has no value is left out. */
export function Facts({ of }: { readonly of: readonly (readonly [string, ComponentChildren])[] }) {
  const shown = of.filter(([, value]) => value !== undefined && value !== '');
  return (
    <dl class="pairs">
      {shown.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Tags({ of }: { readonly of: Readonly<Record<string, string>> }) {
  const tags = Object.entries(of);
  if (tags.length === 0) return null;
  return (
    <ul class="tags">
      {tags.map(([name, value]) => (
        <li key={name}>{value === '' ? name : `${name}: ${value}`}</li>
      ))}
    </ul>
  );
}
