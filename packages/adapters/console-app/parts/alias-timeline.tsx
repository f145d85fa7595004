import type { AliasRecord } from '@millwright/registry';
import { horizontal } from '../../src/html-report/charts/line.js';
import { linear } from '../../src/html-report/charts/scale.js';
import { formatTime } from '../../src/html-report/format.js';
import { useWidth } from './width.js';

const LANE = { height: 34, bar: 22, top: 4, axis: 24 } as const;

/** Where each alias of a model pointed, from its first move until now: a lane per alias, a bar per stay. */
export function AliasTimeline({
  aliases,
  now,
}: {
  readonly aliases: readonly (readonly [string, readonly AliasRecord[]])[];
  readonly now: number;
}) {
  const { ref, width } = useWidth();
  const times = aliases.flatMap(([, moves]) => moves.map(({ time }) => time));
  const start = Math.min(...times);
  const end = Math.max(now, ...times) + 1;
  const left = Math.min(130, 16 + 8 * Math.max(...aliases.map(([alias]) => alias.length)));
  const x = linear([start, end], [left, Math.max(left + 1, width - 8)]);
  const height = LANE.top + aliases.length * LANE.height + LANE.axis;
  const [ticks, word] = horizontal('time', [start, end]);
  return (
    <div ref={ref} class="plot">
      {width > 0 && (
        <svg
          width={width}
          height={height}
          role="img"
          aria-label={`Where the aliases ${aliases.map(([alias]) => alias).join(', ')} pointed over time; the moves are listed below`}
        >
          {fitting(ticks, x, 90).map((at) => (
            <g key={at}>
              <path class="grid" d={`M${x(at)} 0V${height - LANE.axis}`} />
              <text class={x(at) > width - 60 ? 'end' : 'middle'} x={x(at)} y={height - 7}>
                {word(at)}
              </text>
            </g>
          ))}
          {aliases.map(([alias, moves], lane) => {
            const y = LANE.top + lane * LANE.height;
            return (
              <g key={alias}>
                <text class="label" x={0} y={y + 16}>
                  {alias}
                </text>
                {moves.map((move, i) => {
                  if (move.version === undefined) return null;
                  const until = moves[i + 1]?.time;
                  const from = x(move.time);
                  const wide = Math.max(2, x(until ?? end) - from - 1.5);
                  const number = move.version.slice(move.version.lastIndexOf('@'));
                  return (
                    <g
                      key={move.generation}
                      class={`stay ${until === undefined ? 'now' : ''} ${move.kind === 'rollback' ? 'back' : ''}`}
                    >
                      <title>{`${move.version}, from ${formatTime(move.time)}, by ${move.by}: ${move.reason}`}</title>
                      <rect x={from} y={y} width={wide} height={LANE.bar} rx={2} />
                      {wide > 8 + 8 * number.length && (
                        <text x={from + 6} y={y + 15}>
                          {number}
                        </text>
                      )}
                    </g>
                  );
                })}
              </g>
            );
          })}
        </svg>
      )}
    </div>
  );
}

/** As many of the ticks as have room. */
function fitting(ticks: readonly number[], x: (value: number) => number, least: number): readonly number[] {
  const kept: number[] = [];
  for (const at of ticks) if (kept.length === 0 || x(at) - x(kept.at(-1)!) >= least) kept.push(at);
  return kept;
}
