import type { Claim, Review } from '@millwright/core/review';
import { useState } from 'preact/hooks';
import { post } from '../api.js';
import { claims } from '../claims.js';
import { Heading } from '../parts/heading.js';
import { Failure, Waiting } from '../parts/states.js';
import { Time } from '../parts/text.js';
import { useResource } from '../resource.js';
import { to } from '../router.js';
import { useSession } from '../session.js';

/** What waits for people, the most urgent first. */
export function ReviewsPage() {
  const [queue, setQueue] = useState('');
  const { data, error } = useResource<{ readonly items: readonly Review[] }>('reviews', 5_000);
  const session = useSession();
  const all = data?.items ?? [];
  const queues = [...new Set(all.map((review) => review.queue))].sort();
  const shown = all.filter((review) => queue === '' || review.queue === queue);
  return (
    <>
      <Heading title="Reviews" about="What waits for people, the most urgent first.">
        {queues.length > 1 && (
          <label>
            <span>Queue</span>
            <select value={queue} onChange={(event) => setQueue(event.currentTarget.value)}>
              <option value="">all</option>
              {queues.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          </label>
        )}
        {session?.writes === true && <ClaimNext queue={queue} />}
      </Heading>
      {error !== undefined && <Failure error={error} />}
      {data === undefined ? (
        <Waiting />
      ) : shown.length === 0 ? (
        <p class="empty">Nothing waits for anybody.</p>
      ) : (
        <table class="lines">
          <caption class="hidden">Open reviews</caption>
          <thead>
            <tr>
              <th scope="col">Question</th>
              <th scope="col" class="minor">
                Queue
              </th>
              <th scope="col">Decisions</th>
              <th scope="col" class="minor">
                Claimed by
              </th>
              <th scope="col">Due</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((review) => (
              <tr key={review.id}>
                <td>
                  <a href={to('reviews', review.id)}>{review.question}</a>
                  <span class="detail">{review.subject}</span>
                </td>
                <td class="minor">{review.queue}</td>
                <td>
                  {review.status === 'disputed'
                    ? 'disputed'
                    : `${review.decisions.length} of ${review.decisionsNeeded}`}
                </td>
                <td class="minor">{review.claims.map(({ by }) => by).join(', ') || '–'}</td>
                <td>{review.dueAt === undefined ? '–' : <Time at={review.dueAt} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

function ClaimNext({ queue }: { readonly queue: string }) {
  const [said, setSaid] = useState<string>();
  const claim = async () => {
    try {
      const claimed = await post<{ readonly review: Review; readonly claim: Claim }>(
        'reviews/claim',
        queue === '' ? {} : { queue },
      );
      if (claimed === undefined) return setSaid('Nothing is free for you.');
      claims.keep(claimed.review.id, claimed.claim);
      location.hash = to('reviews', claimed.review.id);
    } catch (error) {
      setSaid((error as Error).message);
    }
  };
  return (
    <div>
      <button type="button" class="primary" onClick={claim}>
        Claim the next
      </button>
      <p role="status" class="said">
        {said}
      </p>
    </div>
  );
}
