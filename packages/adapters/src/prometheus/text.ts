import { invalidInput } from '@millwright/core';
import type { Exemplar, HistogramSample, Labels, MetricFamily, NumberSample } from '@millwright/core/telemetry';

/** `text`: the format 0.0.4 that every Prometheus reads. `openmetrics`: OpenMetrics 1.0, which also has units and exemplars. */
export type PrometheusFormat = 'text' | 'openmetrics';

/**
 * Writes metrics as Prometheus reads them. Families of one name, from several sources, become one.
 * @throws `input/invalid` for a name or label that the format does not allow, or two families that share only their name
 */
export function prometheusText(families: readonly MetricFamily[], format: PrometheusFormat = 'text'): string {
  const lines: string[] = [];
  for (const family of merged(families)) {
    checkName(family.name, /^[a-zA-Z_:][a-zA-Z0-9_:]*$/, 'name');
    const named = family.kind === 'counter' && format === 'text' ? `${family.name}_total` : family.name;
    lines.push(`# HELP ${named} ${escaped(family.help, format)}`, `# TYPE ${named} ${family.kind}`);
    if (format === 'openmetrics' && family.unit !== undefined) lines.push(`# UNIT ${named} ${unitOf(family)}`);
    if (family.kind === 'histogram') {
      for (const sample of family.samples) writeHistogram(lines, family.name, sample, format);
    } else {
      const suffix = family.kind === 'counter' ? '_total' : '';
      for (const { labels, value } of family.samples) lines.push(line(`${family.name}${suffix}`, labels, value));
    }
  }
  if (format === 'openmetrics') lines.push('# EOF');
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function merged(families: readonly MetricFamily[]): Iterable<MetricFamily> {
  const byName = new Map<string, MetricFamily>();
  for (const family of families) {
    const known = byName.get(family.name);
    if (known !== undefined && known.kind !== family.kind)
      throw invalidInput('families', `one kind for \`${family.name}\``, `${known.kind} and ${family.kind}`);
    const samples = [...(known?.samples ?? []), ...family.samples];
    // Same kind, so the samples of both are of the same shape.
    byName.set(family.name, { ...(known ?? family), samples } as MetricFamily);
  }
  for (const { name, samples } of byName.values()) checkDistinct(name, samples);
  return byName.values();
}

/** Prometheus drops a whole scrape in which a series comes twice. */
function checkDistinct(name: string, samples: readonly (NumberSample | HistogramSample)[]): void {
  const seen = new Set<string>();
  for (const { labels } of samples) {
    const key = JSON.stringify(Object.entries(labels).sort());
    if (seen.has(key)) throw invalidInput('samples', `one sample of \`${name}\` per set of labels`, key);
    seen.add(key);
  }
}

function writeHistogram(lines: string[], name: string, sample: HistogramSample, format: PrometheusFormat): void {
  const { labels, buckets, sum, count } = sample;
  for (const { upTo, count: below, exemplar } of buckets) {
    const bucket = line(`${name}_bucket`, { ...labels, le: float(upTo) }, below);
    lines.push(format === 'openmetrics' && exemplar !== undefined ? bucket + tail(exemplar) : bucket);
  }
  lines.push(line(`${name}_bucket`, { ...labels, le: '+Inf' }, count));
  lines.push(line(`${name}_sum`, labels, sum), line(`${name}_count`, labels, count));
}

function tail({ labels, value, time }: Exemplar): string {
  return ` # ${labelText(labels) || '{}'} ${figure(value)} ${figure(time / 1_000)}`;
}

function line(name: string, labels: Labels, value: number): string {
  return `${name}${labelText(labels)} ${figure(value)}`;
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => {
    checkName(name, /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/, 'label');
    return `${name}="${escaped(value, 'openmetrics')}"`;
  });
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** `le` and units are compared as text by OpenMetrics: whole numbers keep a decimal point. */
function float(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : figure(value);
}

function figure(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}

/** Help texts of 0.0.4 keep their quotes. */
function escaped(text: string, format: PrometheusFormat): string {
  const plain = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return format === 'openmetrics' ? plain.replaceAll('"', '\\"') : plain;
}

function unitOf({ name, unit }: MetricFamily): string {
  if (unit !== undefined && name.endsWith(`_${unit}`)) return unit;
  throw invalidInput('unit', `the end of \`${name}\``, unit);
}

function checkName(name: string, allowed: RegExp, what: string): void {
  if (!allowed.test(name)) throw invalidInput(what, 'letters, digits and underscores, no digit first', name);
}
