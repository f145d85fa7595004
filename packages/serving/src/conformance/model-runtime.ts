import { isMillwrightError, MillwrightError } from '@millwright/core';
import type { VerifiedArtifact } from '@millwright/core/artifact';
import type { Case } from '@millwright/core/conformance';
import { goldenParity, largestDifference } from '../runtime/golden.js';
import type { LoadedModel, ModelRuntime } from '../runtime/types.js';
import { type Tensor, type TensorMap, tensor } from '../tensor/index.js';

/** A runtime with a model that it can load, and one run whose answer is known. */
export interface RuntimeFixture {
  readonly runtime: ModelRuntime;
  /** A model whose first input is numeric and takes any number of rows. */
  readonly artifact: VerifiedArtifact;
  readonly feeds: TensorMap;
  readonly outputs: TensorMap;
  /** Largest difference relative to `max(1, |expected|)`. Default 1e-4. */
  readonly tolerance?: number | undefined;
}

/**
 * What every `ModelRuntime` must do, for any test runner:
 * `for (const c of modelRuntimeCases(make)) test.skipIf(c.skip)(c.name, c.run)`.
 */
export function modelRuntimeCases(make: () => RuntimeFixture | Promise<RuntimeFixture>): readonly Case[] {
  const loaded = (name: string, check: (model: LoadedModel, fixture: RuntimeFixture) => Promise<void>): Case => ({
    name,
    async run() {
      const fixture = await make();
      await using model = await fixture.runtime.load(fixture.artifact);
      await check(model, fixture);
    },
  });
  return [
    loaded('answers as expected', async (model, fixture) => {
      expectAnswer(await model.run(fixture.feeds), fixture, 'The first run');
      expectAnswer(await model.run(fixture.feeds), fixture, 'The same feeds again');
    }),
    loaded('its signature covers its feeds and answers', async ({ signature }, { feeds, outputs }) => {
      const names = (list: readonly { readonly name: string }[]) =>
        list
          .map(({ name }) => name)
          .sort()
          .join();
      holds(
        names(signature.inputs) === [...feeds.keys()].sort().join(),
        'The signature lists other inputs than the model takes.',
      );
      for (const name of outputs.keys())
        holds(
          signature.outputs.some((spec) => spec.name === name),
          `The signature does not list the output \`${name}\`.`,
        );
    }),
    loaded('says what runs it', async ({ facts }, { runtime }) => {
      holds(
        facts.executionProvider !== '' && facts.runtime !== '',
        'The facts do not name runtime and execution provider.',
      );
      holds(
        facts.refused.every(({ provider, reason }) => provider !== '' && reason !== ''),
        'A provider was refused without a reason.',
      );
      for (const { name, available, reason } of await runtime.probe())
        holds(available || (reason ?? '') !== '', `\`${name}\` is not available, without a reason.`);
    }),
    loaded('refuses feeds that do not fit, and goes on', async (model, fixture) => {
      for (const [what, feeds] of badFeeds(fixture.feeds)) await refuses(model.run(feeds), 'serving/tensor', what);
      expectAnswer(await model.run(fixture.feeds), fixture, 'A run after refused ones');
    }),
    loaded('leaves its feeds alone', async (model, { feeds }) => {
      const before = new Map([...feeds].map(([name, t]) => [name, { ...t, data: t.data.slice() } as Tensor]));
      await model.run(feeds);
      holds(largestDifference(before, feeds) === 0, 'A run changed its feeds.');
    }),
    loaded('gives its answers away', async (model, fixture) => {
      const first = await model.run(fixture.feeds);
      for (const { dtype, data } of first.values()) if (dtype !== 'string') (data as Float32Array).fill(0 as never);
      expectAnswer(await model.run(fixture.feeds), fixture, 'A run after the caller wrote into earlier answers');
    }),
    loaded('keeps runs that overlap apart', async (model, fixture) => {
      const answers = await Promise.all(Array.from({ length: 8 }, () => model.run(fixture.feeds)));
      for (const answer of answers) expectAnswer(answer, fixture, 'One of eight runs at once');
    }),
    loaded('closes once, after the runs under way', async (model, fixture) => {
      const running = model.run(fixture.feeds);
      await Promise.all([model.close(), model.close()]);
      expectAnswer(await running, fixture, 'A run that was under way when the model was closed');
      await refuses(model.run(fixture.feeds), 'state/closed', 'A run after close');
    }),
    {
      name: 'loads a model twice, independently',
      async run() {
        const fixture = await make();
        const [a, b] = await Promise.all([
          fixture.runtime.load(fixture.artifact),
          fixture.runtime.load(fixture.artifact),
        ]);
        await a.close();
        expectAnswer(await b.run(fixture.feeds), fixture, 'A model whose twin was closed');
        await b.close();
      },
    },
    {
      name: 'accepts a model whose golden rows agree, and reports how well',
      async run() {
        const { runtime, artifact, feeds, outputs, tolerance } = await make();
        await using model = await runtime.load(artifact, { golden: [{ feeds, outputs }], tolerance });
        const parity = await goldenParity([{ feeds, outputs }], (fed) => model.run(fed));
        holds((parity ?? 1) <= (tolerance ?? TOLERANCE), 'The golden rows do not agree after loading.');
        holds(model.facts.parity !== undefined, '`facts.parity` is missing though golden rows were given.');
      },
    },
    {
      name: 'refuses a model whose golden rows differ',
      async run() {
        const { runtime, artifact, feeds, outputs } = await make();
        const wrong = new Map([...outputs].map(([name, t]) => [name, shifted(t)]));
        await refuses(
          runtime.load(artifact, { golden: [{ feeds, outputs: wrong }] }),
          'serving/no-provider',
          'A model with other answers',
        );
      },
    },
    {
      name: 'stops loading when told to',
      async run() {
        const { runtime, artifact } = await make();
        const reason = new MillwrightError('state/closed', 'stop', { details: { what: 'load' } });
        const thrown = await runtime.load(artifact, {}, { signal: AbortSignal.abort(reason) }).then(
          () => undefined,
          (error: unknown) => error,
        );
        holds(thrown === reason, 'A load whose signal is aborted did not reject with its reason.');
      },
    },
  ];
}

const TOLERANCE = 1e-4;

function badFeeds(feeds: TensorMap): readonly (readonly [string, TensorMap])[] {
  const [name, fed] = [...feeds][0]!;
  const instead = (t: Tensor | undefined): TensorMap => {
    const changed = new Map(feeds);
    if (t === undefined) changed.delete(name);
    else changed.set(name, t);
    return changed;
  };
  const other =
    fed.dtype === 'float64'
      ? tensor('float32', fed.dims, new Float32Array(fed.data.length))
      : tensor('float64', fed.dims, new Float64Array(fed.data.length));
  return [
    ['A missing input', instead(undefined)],
    ['Another element type', instead(other)],
    ['Another rank', instead({ ...fed, dims: [...fed.dims, 1, 1] } as Tensor)],
    ['Data that is shorter than its dims', instead({ ...fed, data: fed.data.slice(1) } as Tensor)],
    ['An input that the model does not have', new Map([...feeds, [`${name}-extra`, fed]])],
  ];
}

function shifted(t: Tensor): Tensor {
  if (t.dtype === 'string')
    return tensor(
      'string',
      t.dims,
      t.data.map((text) => `${text}!`),
    );
  const data = t.data.slice();
  for (let i = 0; i < data.length; i++)
    data[i] = typeof data[i] === 'bigint' ? (data[i] as bigint) + 7n : (data[i] as number) + 7;
  return { ...t, data } as Tensor;
}

function expectAnswer(answer: TensorMap, { outputs, tolerance = TOLERANCE }: RuntimeFixture, what: string): void {
  const difference = largestDifference(outputs, answer);
  holds(difference <= tolerance, `${what} differs from the expected answer by ${difference}.`);
}

async function refuses(
  work: Promise<unknown>,
  code: 'serving/tensor' | 'state/closed' | 'serving/no-provider',
  what: string,
): Promise<void> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  holds(
    isMillwrightError(error, code),
    `${what} was not refused with \`${code}\`${error === undefined ? '' : ` but with: ${String(error)}`}.`,
  );
}

function holds(condition: boolean, reason: string): asserts condition {
  if (!condition) throw new MillwrightError('serving/nonconforming', reason, { details: { reason } });
}
