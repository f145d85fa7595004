import type { Verdict } from '@millwright/core';

/** Everything a report shows, as plain data. Sections that are left out are not in the page. Times are milliseconds since 1970. */
export interface ReportModel {
  readonly title: string;
  /** One or two sentences under the title. */
  readonly summary?: string | undefined;
  /** When the report was made. */
  readonly time?: number | undefined;
  readonly facts?: readonly Fact[] | undefined;
  readonly timeline?: readonly TimelineEntry[] | undefined;
  readonly evaluations?: readonly EvaluationSection[] | undefined;
  readonly rollouts?: readonly RolloutSection[] | undefined;
  readonly drift?: DriftSection | undefined;
  readonly lineage?: LineageSection | undefined;
  readonly ledger?: LedgerSection | undefined;
  readonly charts?: readonly ChartSection[] | undefined;
  readonly tables?: readonly TableSection[] | undefined;
}

/** A number that matters, with its name. */
export interface Fact {
  readonly label: string;
  readonly value: string | number;
  readonly note?: string | undefined;
}

/** What happened, by sort. */
export type EntryKind =
  | 'data'
  | 'run'
  | 'model'
  | 'evaluation'
  | 'gate'
  | 'approval'
  | 'rollout'
  | 'promotion'
  | 'rollback'
  | 'drift'
  | 'review'
  | 'note';

export interface TimelineEntry {
  readonly time: number;
  readonly kind: EntryKind;
  readonly sentence: string;
  readonly detail?: string | undefined;
}

/** A number and what it may be: the bounds of its interval. */
export interface Estimate {
  readonly value: number | undefined;
  readonly low?: number | undefined;
  readonly high?: number | undefined;
}

/** How numbers are written: `share` in per cent, `points` in percentage points with sign, `number` as they are. */
export type NumberFormat = 'share' | 'points' | 'number' | 'integer';

export interface EvaluationSection {
  readonly sentence: string;
  readonly champion: string;
  readonly challenger: string;
  readonly decision?: 'promote' | 'block' | 'hold' | undefined;
  /** How each rule of the gate came out, in a sentence, with what it could not look at. */
  readonly rules?:
    | readonly {
        readonly verdict: Verdict;
        readonly sentence: string;
        readonly notes?: readonly string[] | undefined;
      }[]
    | undefined;
  readonly metrics: readonly MetricRow[];
  /** Differences (challenger minus champion) slice by slice. */
  readonly slices?: SliceForest | undefined;
}

export interface MetricRow {
  readonly name: string;
  readonly champion: number | undefined;
  readonly challenger: number | undefined;
  readonly difference?: Estimate | undefined;
  readonly verdict?: Verdict | undefined;
  readonly format?: NumberFormat | undefined;
}

export interface SliceForest {
  readonly caption: string;
  readonly format?: NumberFormat | undefined;
  /** Which sign is good. Default `higher`. */
  readonly better?: 'higher' | 'lower' | undefined;
  /** The harm that is still tolerated, on the scale of the differences. */
  readonly margin?: number | undefined;
  readonly rows: readonly {
    readonly name: string;
    readonly rows: number;
    readonly difference: Estimate;
    readonly verdict?: Verdict | undefined;
  }[];
}

export interface Point {
  readonly x: number;
  readonly y: number | undefined;
}

export interface RolloutSection {
  /** Which one, where there are several: `flight-delay@3`. */
  readonly title?: string | undefined;
  readonly sentence: string;
  /** Share of traffic over time: each point holds until the next. */
  readonly share: readonly { readonly time: number; readonly share: number; readonly stage?: string | undefined }[];
  /** Logarithms of e-values over time. */
  readonly evidence?: readonly EvidenceCurve[] | undefined;
  readonly end?:
    | { readonly time: number; readonly kind: 'promotion' | 'rollback'; readonly sentence: string }
    | undefined;
}

export interface EvidenceCurve {
  readonly label: string;
  /** Evidence for harm is drawn in the warning colour. */
  readonly of: 'harm' | 'benefit';
  readonly points: readonly Point[];
  /** Where the curve decides. */
  readonly threshold: number;
}

export interface DriftSection {
  readonly sentence: string;
  /** One label per day (or window): `2026-01-31`. */
  readonly days: readonly string[];
  /** Statistic divided by its alarm threshold: 1 is an alarm. Undefined where nothing was tested. */
  readonly columns: readonly { readonly name: string; readonly scores: readonly (number | undefined)[] }[];
  readonly lines?: readonly LineChart[] | undefined;
  readonly histograms?: readonly HistogramPair[] | undefined;
}

export interface LineChart {
  readonly kind?: 'line' | undefined;
  readonly title: string;
  /** How `x` is read. Default `number`. */
  readonly x?: 'time' | 'number' | undefined;
  readonly format?: NumberFormat | undefined;
  readonly series: readonly LineSeries[];
  readonly thresholds?: readonly { readonly y: number; readonly label: string }[] | undefined;
}

export interface LineSeries {
  readonly label: string;
  readonly tone?: 'accent' | 'muted' | 'bad' | undefined;
  readonly points: readonly (Point & { readonly low?: number | undefined; readonly high?: number | undefined })[];
}

/** Shares of two samples in the same cells; `edges` has one entry more than there are shares. */
export interface HistogramPair {
  readonly kind?: 'histograms' | undefined;
  readonly title: string;
  readonly edges: readonly (number | string)[];
  readonly reference: readonly number[];
  readonly current: readonly number[];
}

export interface BarChart {
  readonly kind: 'bars';
  readonly title: string;
  readonly format?: NumberFormat | undefined;
  readonly bars: readonly {
    readonly label: string;
    readonly value: number;
    readonly tone?: 'accent' | 'muted' | 'bad' | undefined;
  }[];
}

export interface ChartSection {
  readonly title: string;
  readonly sentence?: string | undefined;
  readonly charts: readonly (
    | BarChart
    | (HistogramPair & { readonly kind: 'histograms' })
    | (LineChart & { readonly kind: 'line' })
  )[];
}

export interface LineageSection {
  readonly sentence?: string | undefined;
  readonly nodes: readonly { readonly id: string; readonly kind: string; readonly label: string }[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
}

export interface LedgerSection {
  readonly sentence?: string | undefined;
  /** Events in the ledger. */
  readonly size: number;
  readonly head?: string | undefined;
  readonly root: string;
  readonly verified: boolean;
  readonly detail?: string | undefined;
}

export interface TableSection {
  readonly title: string;
  readonly caption?: string | undefined;
  readonly columns: readonly { readonly label: string; readonly format?: NumberFormat | 'text' | 'time' | undefined }[];
  readonly rows: readonly (readonly (string | number | undefined)[])[];
}
