import type { Verdict } from '@millwright/core';

/** Everything a report shows, as plain data. Sections that are left out are not in the page. Times are milliseconds since 1970. */
export interface ReportModel {
  readonly title: string;
  /** One or two sentences under the title. */
  readonly summary?: string | undefined;
  /** When the report was made. */
  readonly time?: number | undefined;
  readonly facts?: readonly Fact[] | undefined;
  readonly timeline?: readonly ReportEntry[] | undefined;
  readonly validations?: readonly ValidationSection[] | undefined;
  readonly evaluations?: readonly EvaluationSection[] | undefined;
  readonly calibrations?: readonly CalibrationSection[] | undefined;
  readonly rollouts?: readonly RolloutSection[] | undefined;
  readonly drift?: DriftSection | undefined;
  readonly reviews?: ReviewSection | undefined;
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

/** One line of the time line: what happened, and when. */
export interface ReportEntry {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly kind: EntryKind;
  readonly sentence: string;
  /** More than the sentence says, shown when somebody asks for it. */
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

/** Two models side by side: their metrics, what the gate made of them, and where they differ. */
export interface EvaluationSection {
  readonly sentence: string;
  /** Names of the two models: `flight-delay@2`, `flight-delay@3`. */
  readonly champion: string;
  readonly challenger: string;
  /** What the gate decided; absent when no gate was asked. */
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

/** One metric of both models and their difference, challenger minus champion. */
export interface MetricRow {
  readonly name: string;
  readonly champion: number | undefined;
  readonly challenger: number | undefined;
  readonly difference?: Estimate | undefined;
  readonly verdict?: Verdict | undefined;
  readonly format?: NumberFormat | undefined;
}

/** Differences with their intervals, one line per slice: a forest plot. */
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

/** What a suite of expectations found in a table. */
export interface ValidationSection {
  /** What was checked: `june.parquet`. */
  readonly title?: string | undefined;
  readonly sentence: string;
  readonly verdict: Verdict;
  readonly checks: readonly CheckRow[];
}

/** What came of one expectation. */
export interface CheckRow {
  /** What it is about, usually a column. Checks of one subject stand together. */
  readonly subject: string;
  readonly verdict: Verdict;
  readonly sentence: string;
  /** A failed warning does not fail the suite. */
  readonly warning?: boolean | undefined;
  /** First rows that do not keep it, as text. */
  readonly samples?: string | undefined;
}

/** Said probabilities against what happened, of one or more models on the same rows. */
export interface CalibrationSection {
  readonly title?: string | undefined;
  readonly sentence: string;
  readonly curves: readonly CalibrationCurve[];
}

/** Said probabilities against what came true: a reliability diagram of one model. */
export interface CalibrationCurve {
  readonly label: string;
  readonly tone?: 'accent' | 'muted' | 'bad' | undefined;
  /** Mean probability that was said and share that came true, with its interval, bin by bin. Empty bins are left out. */
  readonly bins: readonly { readonly said: number; readonly share: Estimate; readonly rows: number }[];
}

/** A place on a curve; without `y` the curve has a gap there. */
export interface Point {
  readonly x: number;
  readonly y: number | undefined;
}

/** The course of one rollout: traffic, evidence, and how it ended. */
export interface RolloutSection {
  /** Which one, where there are several: `flight-delay@3`. */
  readonly title?: string | undefined;
  readonly sentence: string;
  /** Share of traffic over time: each point holds until the next. */
  readonly share: readonly { readonly time: number; readonly share: number; readonly stage?: string | undefined }[];
  /** Logarithms of e-values over time. */
  readonly evidence?: readonly EvidenceCurve[] | undefined;
  /** What each metric came to at the last look. */
  readonly metrics?: readonly RolloutMetricRow[] | undefined;
  /** What happened on the way, in words. */
  readonly moments?:
    | readonly { readonly time: number; readonly sentence: string; readonly actor?: string | undefined }[]
    | undefined;
  /** How it ended; absent while it is under way. */
  readonly end?:
    | { readonly time: number; readonly kind: 'promotion' | 'rollback'; readonly sentence: string }
    | undefined;
}

/** The last look at one metric: rows of both arms, and the evidence for and against harm. */
export interface RolloutMetricRow {
  readonly name: string;
  readonly championRows: number;
  readonly challengerRows: number;
  /** Logarithms of the e-values for harm, and against harm beyond the margin. */
  readonly harm: number | undefined;
  readonly proof: number | undefined;
}

/** The evidence of one metric over time, and where it decides. */
export interface EvidenceCurve {
  /** The metric: `errors`. */
  readonly label: string;
  /** Evidence for harm is drawn in the warning colour. */
  readonly of: 'harm' | 'benefit';
  readonly points: readonly Point[];
  /** Where the curve decides. */
  readonly threshold: number;
}

/** What moved, column by column and day by day. */
export interface DriftSection {
  readonly sentence: string;
  /** One label per day (or window): `2026-01-31`. */
  readonly days: readonly string[];
  /** Statistic divided by its alarm threshold: 1 is an alarm. Undefined where nothing was tested. */
  readonly columns: readonly { readonly name: string; readonly scores: readonly (number | undefined)[] }[];
  readonly lines?: readonly LineChart[] | undefined;
  readonly histograms?: readonly HistogramPair[] | undefined;
  /** What was decided because of it. */
  readonly decisions?:
    | readonly { readonly when: string; readonly action: string; readonly sentence: string }[]
    | undefined;
}

/** Curves over time or another number. */
export interface LineChart {
  readonly kind?: 'line' | undefined;
  readonly title: string;
  /** How `x` is read. Default `number`. */
  readonly x?: 'time' | 'number' | undefined;
  readonly format?: NumberFormat | undefined;
  readonly series: readonly LineSeries[];
  readonly thresholds?: readonly { readonly y: number; readonly label: string }[] | undefined;
}

/** One curve; points with `low` and `high` have a band around them. */
export interface LineSeries {
  readonly label: string;
  /** Default `accent` for the first series, `muted` for the others. */
  readonly tone?: 'accent' | 'muted' | 'bad' | undefined;
  readonly points: readonly (Point & { readonly low?: number | undefined; readonly high?: number | undefined })[];
}

/** Shares of two samples in the same cells; `edges` has one entry more than there are shares, or names each cell. */
export interface HistogramPair {
  readonly kind?: 'histograms' | undefined;
  readonly title: string;
  readonly edges: readonly (number | string)[];
  readonly reference: readonly number[];
  readonly current: readonly number[];
}

/** Bars from 0, one per label. */
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

/** Charts of your own under one heading. */
export interface ChartSection {
  readonly title: string;
  readonly sentence?: string | undefined;
  readonly charts: readonly (
    | BarChart
    | (HistogramPair & { readonly kind: 'histograms' })
    | (LineChart & { readonly kind: 'line' })
  )[];
}

/** The graph of what was made from what; edges go from what was used to what was made. */
export interface LineageSection {
  readonly sentence?: string | undefined;
  readonly nodes: readonly { readonly id: string; readonly kind: string; readonly label: string }[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
}

/** What people were asked and what they decided. */
export interface ReviewSection {
  readonly sentence: string;
  readonly reviews: readonly ReviewEntry[];
}

/** A question that people were asked, and what each of them said. */
export interface ReviewEntry {
  /** When it was asked. */
  readonly time: number;
  readonly question: string;
  readonly subject: string;
  readonly queue?: string | undefined;
  /** What the model would do. */
  readonly recommendation?: string | undefined;
  readonly decisions: readonly {
    readonly by: string;
    readonly choice: string;
    readonly reason?: string | undefined;
    readonly time: number;
    readonly tookMs?: number | undefined;
  }[];
  /** What it came to, in words: `approve, agreed`. Undefined while it is open. */
  readonly outcome?: string | undefined;
}

/** Where the ledger stands, and whether its hashes add up. */
export interface LedgerSection {
  readonly sentence?: string | undefined;
  /** Events in the ledger. */
  readonly size: number;
  /** The newest commit, in words: `commit 12`. */
  readonly head?: string | undefined;
  /** Root of the Merkle tree over all events. */
  readonly root: string;
  /** Every commit was read again and its hashes add up. */
  readonly verified: boolean;
  readonly detail?: string | undefined;
}

/** A table of your own; each row has as many cells as there are columns. */
export interface TableSection {
  readonly title: string;
  readonly caption?: string | undefined;
  readonly columns: readonly {
    readonly label: string;
    readonly format?: NumberFormat | 'text' | 'time' | 'verdict' | undefined;
  }[];
  readonly rows: readonly (readonly (string | number | undefined)[])[];
}
