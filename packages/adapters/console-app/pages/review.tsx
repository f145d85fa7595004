import type { Review } from '@millwright/core/review';
import { useState } from 'preact/hooks';
import { formatTick } from '../../src/html-report/format.js';
import { path, post } from '../api.js';
import { claims } from '../claims.js';
import { Heading } from '../parts/heading.js';
import { Failure, Waiting } from '../parts/states.js';
import { Facts, Time } from '../parts/text.js';
import { useResource } from '../resource.js';
import { to } from '../router.js';
import { useSession } from '../session.js';

/** One question to people: what it is about, who decided what, and the form of who has claimed it. */
export function ReviewPage({ id }: { readonly id: string }) {
  const { data: review, error, reload } = useResource<Review>(path('reviews', id), 5_000);
  if (error !== undefined && review === undefined) return <Failure error={error} />;
  if (review === undefined) return <Waiting />;
  const { recommendation, outcome } = review;
  return (
    <>
      <Heading title={review.question} />
      <Facts
        of={[
          [
            'About',
            /^[^@\s]+@\d+$/.test(review.subject) ? (
              <a key="a" href={to('versions', review.subject)}>
                {review.subject}
              </a>
            ) : (
              review.subject
            ),
          ],
          ['Queue', review.queue],
          ['Status', review.status],
          [
            'Asked',
            <span key="q">
              <Time at={review.requestedAt} /> by {review.requestedBy}
            </span>,
          ],
          ['Due', review.dueAt === undefined ? undefined : <Time key="d" at={review.dueAt} />],
          ['Claimed by', review.claims.map(({ by }) => by).join(', ')],
          [
            'Recommended',
            recommendation === undefined
              ? undefined
              : `${recommendation.choice}${recommendation.by === undefined ? '' : ` by ${recommendation.by}`}${recommendation.confidence === undefined ? '' : `, ${formatTick(recommendation.confidence, 'share')} sure`}`,
          ],
          ['Outcome', outcome === undefined ? undefined : `${outcome.choice ?? 'none'} (${outcome.how})`],
        ]}
      />
      <DecisionForm review={review} done={reload} />
      <section aria-labelledby="decisions">
        <h2 id="decisions">Decisions</h2>
        {review.decisions.length === 0 && (
          <p class="empty">{review.blind ? 'Shown when everybody has decided.' : 'None yet.'}</p>
        )}
        <ol class="moments">
          {review.decisions.map(({ by, choice, reason, time }) => (
            <li key={time}>
              <Time at={time} />
              <p>
                {by}: <strong>{choice}</strong>
                <span class="detail">{reason}</span>
              </p>
            </li>
          ))}
        </ol>
      </section>
    </>
  );
}

function DecisionForm({ review, done }: { readonly review: Review; done(): void }) {
  const [error, setError] = useState<Error>();
  const [busy, setBusy] = useState(false);
  const writes = useSession()?.writes === true;
  const claim = claims.of(review);
  const disputed = review.status === 'disputed';
  if (!writes || review.status === 'closed' || (claim === undefined && !disputed)) return null;
  const at = path('reviews', review.id);
  const send = async (to: string, body: Readonly<Record<string, unknown>>) => {
    setBusy(true);
    setError(undefined);
    try {
      await post(`${at}/${to}`, body);
      claims.drop(review.id);
      done();
    } catch (failed) {
      setError(failed as Error);
    }
    setBusy(false);
  };
  const submit = (event: Event & { readonly currentTarget: HTMLFormElement }) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const decision = { choice: fields.get('choice'), reason: fields.get('reason') };
    return disputed ? send('adjudication', decision) : send('decision', { ...decision, token: claim!.token });
  };
  return (
    <section aria-labelledby="decide">
      <h2 id="decide">{disputed ? 'Settle the dispute' : 'Your decision'}</h2>
      <form class="decide" onSubmit={submit}>
        <fieldset>
          <legend class="hidden">Decision</legend>
          {review.choices.map((choice) => (
            <label key={choice} class="choice">
              <input type="radio" name="choice" value={choice} required /> {choice}
            </label>
          ))}
        </fieldset>
        <label>
          <span>Reason, for the ledger</span>
          <input name="reason" maxLength={2_000} autoComplete="off" />
        </label>
        {error !== undefined && <Failure error={error} />}
        <div class="actions">
          <button type="submit" class="primary" disabled={busy}>
            Decide
          </button>
          {!disputed && (
            <button type="button" disabled={busy} onClick={() => send('release', { token: claim!.token })}>
              Give back
            </button>
          )}
        </div>
      </form>
    </section>
  );
}
