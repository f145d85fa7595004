import type { ModelVersion } from '@millwright/registry';
import { path } from '../api.js';
import { Heading } from '../parts/heading.js';
import { Failure, Waiting } from '../parts/states.js';
import { Facts, Figure, Tags, Time } from '../parts/text.js';
import { VerdictMark } from '../parts/verdict.js';
import { useResource } from '../resource.js';
import { to } from '../router.js';

/** One version: what it is, what speaks for it, and who does. */
export function VersionPage({ id }: { readonly id: string }) {
  const { data: version, error } = useResource<ModelVersion>(path('versions', id));
  if (error !== undefined) return <Failure error={error} />;
  if (version === undefined) return <Waiting />;
  const metrics = Object.entries(version.metrics);
  return (
    <>
      <Heading title={version.id} about={version.description} />
      <Facts
        of={[
          [
            'Model',
            <a key="m" href={to('models', version.model)}>
              {version.model}
            </a>,
          ],
          ['Stage', version.aliases.length === 0 ? version.stage : `${version.stage} as ${version.aliases.join(', ')}`],
          ['Kind', version.kind],
          ['Made by', version.madeBy],
          [
            'Registered',
            <span key="r">
              <Time at={version.registeredAt} /> by {version.registeredBy}
            </span>,
          ],
          ['Files', `${version.size.toLocaleString('en')} bytes`],
          ['Artifact', <code key="a">{version.artifact}</code>],
          ['Contract', version.contract && <code key="c">{version.contract}</code>],
        ]}
      />
      <Tags of={version.tags} />
      {metrics.length > 0 && (
        <section aria-labelledby="metrics">
          <h2 id="metrics">Metrics</h2>
          <dl class="facts">
            {metrics.map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>
                  <Figure value={value} />
                </dd>
              </div>
            ))}
          </dl>
        </section>
      )}
      <section aria-labelledby="evidence">
        <h2 id="evidence">Evidence</h2>
        {version.evidence.length === 0 && <p class="empty">Nothing was attached.</p>}
        <ol class="moments">
          {version.evidence.map(({ kind, verdict, sentence, by, time, eventIndex }) => (
            <li key={eventIndex}>
              <Time at={time} />
              <p>
                <VerdictMark of={verdict} /> {kind}
                <span class="detail">
                  {sentence} {by}
                </span>
              </p>
            </li>
          ))}
        </ol>
      </section>
      <section aria-labelledby="approvals">
        <h2 id="approvals">Approvals</h2>
        {version.approvals.length === 0 && <p class="empty">Nobody has approved it.</p>}
        <ol class="moments">
          {version.approvals.map(({ role, by, reason, time, eventIndex }) => (
            <li key={eventIndex}>
              <Time at={time} />
              <p>
                {by} as {role}
                <span class="detail">{reason}</span>
              </p>
            </li>
          ))}
        </ol>
      </section>
      <p>
        <a href={to('lineage', version.node)}>What it was made from, and what was made of it</a>
      </p>
    </>
  );
}
