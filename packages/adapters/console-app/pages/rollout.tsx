import type { RolloutEvidence, RolloutHistory, RolloutState } from '@millwright/serving/rollout';
import { formatNumber, formatTick } from '../../src/html-report/format.js';
import { path, post } from '../api.js';
import { Chart } from '../parts/chart.js';
import { AskButton, TextField } from '../parts/dialog.js';
import { Heading } from '../parts/heading.js';
import { RolloutStatusMark } from '../parts/rollout-status.js';
import { Failure, Waiting } from '../parts/states.js';
import { Facts, Time } from '../parts/text.js';
import { useResource } from '../resource.js';
import { to } from '../router.js';
import { useSession } from '../session.js';

/** What the list of rollouts says about one. */
export interface RolloutSummary
  extends Pick<
    RolloutState,
    'id' | 'model' | 'alias' | 'champion' | 'challenger' | 'author' | 'submittedAt' | 'status' | 'stage' | 'killed'
  > {
  readonly endedAt?: number | undefined;
  readonly final: boolean;
  /** Share of each stage. */
  readonly stages: readonly number[];
  readonly sentence?: string | undefined;
}

/** What happened, with the confidence sequence of each binary metric. */
interface History extends RolloutHistory {
  readonly intervals: readonly (RatioInterval & { readonly time: number; readonly metric: string })[];
}

interface RatioInterval {
  readonly lower: number;
  readonly upper?: number | undefined;
}

interface RolloutDetail extends RolloutSummary, Pick<RolloutState, 'definition' | 'approvals' | 'replicas'> {
  readonly evidence?: RolloutEvidence | undefined;
}

/** A rollout while it happens: where it stands, what the evidence says, and what people may do about it. */
export function RolloutPage({ id }: { readonly id: string }) {
  const at = path('rollouts', id);
  const { data: rollout, error, reload } = useResource<RolloutDetail>(at, 2_000);
  const live = rollout?.final === false;
  const { data: history, reload: again } = useResource<History>(`${at}/history`, live ? 5_000 : undefined);
  if (error !== undefined && rollout === undefined) return <Failure error={error} />;
  if (rollout === undefined) return <Waiting />;
  const { evidence, definition } = rollout;
  return (
    <>
      <Heading title={`Rollout of ${rollout.challenger}`} about={rollout.sentence}>
        <Commands
          of={rollout}
          act={async (command, reason) => {
            await post(`${at}/${command}`, { reason });
            reload();
            again();
          }}
        />
      </Heading>
      {error !== undefined && <Failure error={error} />}
      <div role="status">
        <Facts
          of={[
            ['Status', <RolloutStatusMark key="s" of={rollout} />],
            [
              'Champion',
              <a key="c" href={to('versions', rollout.champion)}>
                {rollout.champion}
              </a>,
            ],
            [
              'Challenger',
              <a key="v" href={to('versions', rollout.challenger)}>
                {rollout.challenger}
              </a>,
            ],
            ['Stages', rollout.stages.map((share) => formatTick(share, 'share')).join(', ')],
            [
              'Started',
              <span key="b">
                <Time at={rollout.submittedAt} /> by {rollout.author}
              </span>,
            ],
            ['Ended', rollout.endedAt === undefined ? undefined : <Time key="e" at={rollout.endedAt} />],
          ]}
        />
      </div>
      {evidence !== undefined && <Metrics evidence={evidence} definition={definition} />}
      {history !== undefined && <Curves history={history} definition={definition} end={rollout.endedAt} />}
      {history !== undefined && <Moments of={history.moments} />}
    </>
  );
}

type Command = 'pause' | 'resume' | 'approve' | 'rollBack' | 'kill';

function Commands({
  of: { status, final, challenger, champion },
  act,
}: {
  readonly of: RolloutSummary;
  act(command: Command, reason: string): Promise<void>;
}) {
  if (useSession()?.writes !== true || final) return null;
  const button = (command: Command, label: string, about: string, danger = false) => (
    <AskButton
      key={command}
      label={label}
      title={`${label}: ${challenger}`}
      about={about}
      danger={danger}
      act={({ reason = '' }) => act(command, reason)}
    >
      <TextField name="reason" label="Reason, for the ledger" />
    </AskButton>
  );
  return (
    <>
      {status === 'awaitingApproval' &&
        button(
          'approve',
          'Approve',
          `You speak for the promotion of ${challenger}. The author's own approval does not count.`,
        )}
      {status === 'paused'
        ? button('resume', 'Resume', 'The rollout goes on from where it was paused.')
        : status !== 'rollingBack' &&
          button('pause', 'Pause', 'The share is frozen until somebody resumes. Guardrails still roll back.')}
      {status !== 'rollingBack' &&
        button('rollBack', 'Roll back', `All traffic goes back to ${champion}, in an orderly way.`)}
      {button(
        'kill',
        'Kill',
        `${challenger} gets no request from now on, whatever else is known. Nothing undoes it.`,
        true,
      )}
    </>
  );
}

function Metrics({
  evidence,
  definition,
}: {
  readonly evidence: RolloutEvidence;
  readonly definition: RolloutState['definition'];
}) {
  const rate = (sum: number, rows: number, binary: boolean) =>
    rows === 0 ? '–' : formatNumber(sum / rows, binary ? 'share' : 'number');
  return (
    <section aria-labelledby="evidence">
      <h2 id="evidence">Evidence now</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard */}
      <section class="scroll" tabIndex={0} aria-label="Evidence by metric">
        <table class="lines">
          <caption class="hidden">Evidence by metric</caption>
          <thead>
            <tr>
              <th scope="col">Metric</th>
              <th scope="col" class="num">
                Champion
              </th>
              <th scope="col" class="num">
                Challenger
              </th>
              <th scope="col" class="num">
                Rows
              </th>
              <th scope="col" class="num">
                Harm E
              </th>
              <th scope="col" class="num">
                Proof E
              </th>
            </tr>
          </thead>
          <tbody>
            {evidence.metrics.map(({ metric, newest, rows, harm, proof }) => {
              const binary = definition.metrics.find(({ id }) => id === metric)?.binary ?? false;
              return (
                <tr key={metric}>
                  <th scope="row">{metric}</th>
                  <td class="num">{newest === undefined ? '–' : rate(newest.sum[0], newest.rows[0], binary)}</td>
                  <td class="num">{newest === undefined ? '–' : rate(newest.sum[1], newest.rows[1], binary)}</td>
                  <td class="num">{formatNumber(rows[0] + rows[1], 'integer')}</td>
                  <td class="num">{harm === undefined ? '–' : eValue(harm.logE)}</td>
                  <td class="num">{proof === undefined ? '–' : eValue(proof.logE)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </section>
      <p class="note">
        Rolled back when the weighted mean of harm reaches {eValue(evidence.harm.limit)}; promoted when every proof
        reaches {eValue(evidence.proof.limit)}.
      </p>
    </section>
  );
}

function eValue(logE: number): string {
  return logE > 16 ? `10^${Math.floor(logE / Math.LN10)}` : formatNumber(Math.exp(logE));
}

function Curves({
  history,
  definition,
  end,
}: {
  readonly history: History;
  readonly definition: RolloutState['definition'];
  readonly end: number | undefined;
}) {
  const { shares, evidence, intervals } = history;
  const last = end ?? evidence.at(-1)?.time;
  const steps = [
    ...shares,
    ...(last !== undefined && shares.length > 0
      ? [{ ...shares.at(-1)!, time: Math.max(last, shares.at(-1)!.time + 1) }]
      : []),
  ];
  const times = evidence.map(({ time }) => time);
  const withRatio = definition.metrics.filter(({ id }) => intervals.some(({ metric }) => metric === id));
  return (
    <>
      {steps.length > 0 && (
        <figure>
          <figcaption>Share of traffic on the challenger</figcaption>
          <Chart
            title="Share of traffic on the challenger over time"
            times={steps.map(({ time }) => time)}
            format="share"
            range={[0, 0.05]}
            height={150}
            series={[{ label: 'share', tone: 'accent', stepped: true, values: steps.map(({ share }) => share) }]}
          />
        </figure>
      )}
      {withRatio.map(({ id, better, margin }) => (
        <RatioChart key={id} metric={id} better={better} margin={margin} intervals={intervals} />
      ))}
      {evidence.length > 0 && (
        <figure>
          <figcaption>Evidence: logarithm of the e-value</figcaption>
          <Chart
            title="Logarithm of the e-values for harm and for proof over time, with the limits that decide"
            times={times}
            range={[0, 1]}
            series={[
              { label: 'harm', tone: 'bad', values: evidence.map(({ harm }) => harm.logE) },
              { label: 'proof', tone: 'accent', values: evidence.map(({ proof }) => proof.logE) },
            ]}
            limits={[
              { y: evidence.at(-1)!.harm.limit, label: 'rolled back' },
              { y: evidence.at(-1)!.proof.limit, label: 'proved' },
            ]}
          />
        </figure>
      )}
    </>
  );
}

/** Bounds beyond this are drawn as this: a sequence begins without any. */
const WIDEST = 8;

/** The confidence sequence of one metric: valid at every look, so it may be watched while it narrows. */
function RatioChart({
  metric,
  better,
  margin,
  intervals,
}: {
  readonly metric: string;
  readonly better: 'lower' | 'higher';
  readonly margin: RolloutState['definition']['metrics'][number]['margin'];
  readonly intervals: History['intervals'];
}) {
  const points = intervals.flatMap(({ time, metric: of, lower, upper }) =>
    of === metric ? [{ time, low: lower, high: Math.min(WIDEST, upper ?? WIDEST) }] : [],
  );
  const worst = margin.kind === 'absolute' ? undefined : better === 'lower' ? 1 + margin.size : 1 - margin.size;
  return (
    <figure>
      <figcaption>
        Confidence sequence of <em>{metric}</em>: the challenger's rate divided by the champion's, {better} is better
      </figcaption>
      <Chart
        title={`Confidence sequence of the ratio of ${metric} over time`}
        times={points.map(({ time }) => time)}
        range={[0.5, 1.5]}
        series={[
          {
            label: 'ratio, between',
            tone: 'accent',
            values: points.map(({ low, high }) => (high >= WIDEST ? null : Math.sqrt(Math.max(low, 0.01) * high))),
            low: points.map(({ low }) => low),
            high: points.map(({ high }) => high),
          },
        ]}
        limits={[{ y: 1, label: 'no difference' }, ...(worst === undefined ? [] : [{ y: worst, label: 'margin' }])]}
      />
    </figure>
  );
}

/** What replicas say to each other is no news to people. */
const QUIET: ReadonlySet<string> = new Set(['rollout.epochAcknowledged', 'rollout.epochInForce']);

function Moments({ of: all }: { readonly of: RolloutHistory['moments'] }) {
  const of = all.filter(({ type }) => !QUIET.has(type));
  return (
    <section aria-labelledby="moments">
      <h2 id="moments">What happened</h2>
      <ol class="moments" reversed>
        {of.toReversed().map(({ time, type, actor, sentence }, i) => (
          <li key={of.length - i} class={BAD.has(type) ? 'bad' : ''}>
            <Time at={time} />
            <p>
              <strong>{wordsOf(type)}</strong>
              <span class="detail">
                {actor}
                {sentence === '' ? '' : `: ${sentence}`}
              </span>
            </p>
          </li>
        ))}
      </ol>
    </section>
  );
}

const BAD: ReadonlySet<string> = new Set(['rollout.rollbackStarted', 'rollout.killed', 'rollout.rolledBack']);

/** `rollout.stageEntered`: stage entered. */
function wordsOf(type: string): string {
  return type.replace('rollout.', '').replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
