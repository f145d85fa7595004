import type { ModelVersion } from '@millwright/registry';
import { path, post } from '../api.js';
import { AskButton, TextField } from '../parts/dialog.js';
import { Heading } from '../parts/heading.js';
import { type Lineage, LineageGraph } from '../parts/lineage-graph.js';
import { Failure, Waiting } from '../parts/states.js';
import { Facts, Figure, Tags, Time } from '../parts/text.js';
import { VerdictMark } from '../parts/verdict.js';
import { useResource } from '../resource.js';
import { to } from '../router.js';
import { useSession } from '../session.js';

/** One version: what it is, what speaks for it, and who does. */
export function VersionPage({ id }: { readonly id: string }) {
  const { data: version, error, reload } = useResource<ModelVersion>(path('versions', id));
  const { data: lineage } = useResource<Lineage>(version && path('lineage', version.node));
  if (error !== undefined) return <Failure error={error} />;
  if (version === undefined) return <Waiting />;
  const metrics = Object.entries(version.metrics);
  return (
    <>
      <Heading title={version.id} about={version.description}>
        <Commands of={version} done={reload} />
      </Heading>
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
      <section aria-labelledby="lineage">
        <h2 id="lineage">Lineage</h2>
        {lineage !== undefined && <LineageGraph graph={lineage} around={version.node} />}
      </section>
    </>
  );
}

function Commands({ of: { id, model, aliases }, done }: { readonly of: ModelVersion; done(): void }) {
  if (useSession()?.writes !== true) return null;
  const act = (at: string) => async (body: Readonly<Record<string, string>>) => {
    await post(at, body);
    done();
  };
  return (
    <>
      <AskButton
        label="Approve"
        title={`Approve ${id}`}
        about="Your approval stands in the ledger under your name."
        act={act(path('versions', id, 'approvals'))}
      >
        <TextField name="role" label="Your role" />
        <TextField name="reason" label="Reason, for the ledger" />
      </AskButton>
      <AskButton
        label="Move an alias here"
        title={`Move an alias to ${id}`}
        about="The rules of the model decide whether it may move."
        act={({ alias = '', reason = '' }) => act(path('models', model, 'aliases', alias))({ version: id, reason })}
      >
        <TextField name="alias" label="Alias" value="champion" />
        <TextField name="reason" label="Reason, for the ledger" />
      </AskButton>
      {aliases.map((alias) => (
        <AskButton
          key={alias}
          danger
          label={`Roll ${alias} back`}
          title={`Roll ${alias} of ${model} back`}
          about={`The alias points to what it pointed to before ${id}. Nobody is asked.`}
          act={act(path('models', model, 'aliases', alias, 'rollback'))}
        >
          <TextField name="reason" label="Reason, for the ledger" />
        </AskButton>
      ))}
    </>
  );
}
