import { type Case, type CaseOf, nonconforming } from './case.js';

/**
 * The cases of a suite, each with a place of its own. `benchOf` makes what a case works with from the function that opens
 * the place; what was opened is disposed of in the end.
 */
export function suiteOf<Store extends AsyncDisposable, Bench>(
  groups: readonly (readonly [string, readonly CaseOf<Bench>[]])[],
  make: (place: string) => Store | Promise<Store>,
  support: StoreSupport,
  benchOf: (open: () => Promise<Store>, name: string) => Bench,
): readonly Case[] {
  return groups.flatMap(([group, cases]) =>
    cases.map((one) => {
      const name = `${group}: ${one.name}`;
      return { name, skip: reasonToSkip(one.needs, support), run: () => runCase(name, one, make, benchOf) };
    }),
  );
}

async function runCase<Store extends AsyncDisposable, Bench>(
  name: string,
  one: CaseOf<Bench>,
  make: (place: string) => Store | Promise<Store>,
  benchOf: (open: () => Promise<Store>, name: string) => Bench,
): Promise<void> {
  const place = `conformance-${++places}`;
  const opened: Store[] = [];
  const open = async () => {
    const store = await make(place);
    opened.push(store);
    return store;
  };
  try {
    await one.run(benchOf(open, name));
  } catch (error) {
    throw nonconforming(name, error);
  } finally {
    for (const store of opened) await store[Symbol.asyncDispose]();
  }
}

/** Makes places that no other test of this process has. */
let places = 0;

/** What the store under test can do, so that the rest is skipped. */
interface StoreSupport {
  readonly reopen?: boolean | undefined;
  readonly bulk?: boolean | undefined;
}

function reasonToSkip(needs: CaseOf<never>['needs'], support: StoreSupport): string | undefined {
  if (needs === 'reopen' && support.reopen !== true)
    return 'needs `make(place)` to open the same place again: pass { reopen: true }';
  if (needs === 'bulk' && support.bulk === false)
    return 'writes more than a thousand commits, and { bulk: false } was passed';
  return undefined;
}
