import { Heading } from '../parts/heading.js';
import { RolloutStatusMark } from '../parts/rollout-status.js';
import { Failure, Waiting } from '../parts/states.js';
import { Time } from '../parts/text.js';
import { useResource } from '../resource.js';
import { to } from '../router.js';
import type { RolloutSummary } from './rollout.js';

/** Every rollout, the newest first. */
export function RolloutsPage() {
  const { data, error } = useResource<{ readonly items: readonly RolloutSummary[] }>('rollouts', 5_000);
  return (
    <>
      <Heading title="Rollouts" />
      {error !== undefined && <Failure error={error} />}
      {data === undefined ? (
        <Waiting />
      ) : data.items.length === 0 ? (
        <p class="empty">Nothing has been rolled out.</p>
      ) : (
        <table class="lines">
          <caption class="hidden">Rollouts</caption>
          <thead>
            <tr>
              <th scope="col">Challenger</th>
              <th scope="col">Status</th>
              <th scope="col" class="minor">
                Champion
              </th>
              <th scope="col" class="minor">
                By
              </th>
              <th scope="col">Started</th>
            </tr>
          </thead>
          <tbody>
            {data.items.map((rollout) => (
              <tr key={rollout.id}>
                <td>
                  <a href={to('rollouts', rollout.id)}>{rollout.challenger}</a>
                </td>
                <td>
                  <RolloutStatusMark of={rollout} />
                </td>
                <td class="minor">{rollout.champion}</td>
                <td class="minor">{rollout.author}</td>
                <td>
                  <Time at={rollout.submittedAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}
