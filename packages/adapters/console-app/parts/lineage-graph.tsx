import type { LineageEdge, LineageNode } from '@millwright/core/lineage';
import { shorten } from '../../src/html-report/charts/bars.js';
import { drawLineage, kindClass } from '../../src/html-report/charts/lineage.js';
import { to } from '../router.js';

export interface Lineage {
  readonly nodes: readonly LineageNode[];
  readonly edges: readonly LineageEdge[];
}

/** What was made from what, from left to right; every box leads to what it stands for. */
export function LineageGraph({ graph, around }: { readonly graph: Lineage; readonly around: string }) {
  const { width, height, boxes, edges, left } = drawLineage(graph);
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard */}
      <section class="plot" tabIndex={0} aria-label="Lineage, from left to right">
        <svg class="lineage" width={width} height={height} viewBox={`0 0 ${width} ${height}`}>
          <title>What was made from what</title>
          <path class="edge" d={edges} />
          {boxes.map(({ node, x, y, width: wide, height: high }) => (
            <a key={node.id} href={placeOf(node)} aria-current={node.id === around ? 'true' : undefined}>
              <g class={`node ${kindClass(node.kind)} ${node.id === around ? 'around' : ''}`}>
                <rect x={x} y={y} width={wide} height={high} rx={3} />
                <text class="kind" x={x + 10} y={y + 15}>
                  {shorten(node.kind, 20)}
                </text>{' '}
                <text class="label" x={x + 10} y={y + 31}>
                  {shorten(node.label, 18)}
                </text>
              </g>
            </a>
          ))}
        </svg>
      </section>
      {left > 0 && <p class="empty">{left} more are not drawn.</p>}
    </>
  );
}

function placeOf({ id, kind, label }: Pick<LineageNode, 'id' | 'label'> & { readonly kind: string }): string {
  return kind === 'model' && id === `model:${label}` ? to('versions', label) : to('lineage', id);
}
