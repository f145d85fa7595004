import { path } from '../api.js';
import { Heading } from '../parts/heading.js';
import { type Lineage, LineageGraph } from '../parts/lineage-graph.js';
import { Failure, Waiting } from '../parts/states.js';
import { useResource } from '../resource.js';

/** Everything above and below one node of the graph. */
export function LineagePage({ node }: { readonly node: string }) {
  const { data: graph, error } = useResource<Lineage>(path('lineage', node));
  return (
    <>
      <Heading title={node} about="What it was made from, and what was made of it." />
      {error !== undefined ? (
        <Failure error={error} />
      ) : graph === undefined ? (
        <Waiting />
      ) : (
        <LineageGraph graph={graph} around={node} />
      )}
    </>
  );
}
