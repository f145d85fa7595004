import { mkdirSync, rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Case } from '@millwright/core/conformance';
import { column, defineContract } from '@millwright/core/contract';
import { memoryStorage } from '@millwright/core/storage';
import { openRegistry } from '@millwright/registry';
import { createEndpoint } from '@millwright/serving';
import { jsonLinesLog } from './json-lines-log.js';
import { scorecardRuntime } from './scorecard-runtime.js';
import { filesOf, LATE, suites } from './suites.js';

/** Runs a suite as a test runner would, and says how it went. */
async function prove(what: string, cases: readonly Case[]): Promise<void> {
  let passed = 0;
  for (const { name, skip, run } of cases) {
    if (skip !== undefined) continue;
    try {
      await run();
      passed++;
    } catch (error) {
      console.log(`  FAILED  ${name}: ${error instanceof Error ? error.message : error}`);
      process.exitCode = 1;
    }
  }
  const skipped = cases.filter(({ skip }) => skip !== undefined).length;
  console.log(`${what}: ${passed} of ${cases.length} cases passed, ${skipped} skipped`);
}

const { log, runtime, end } = suites();
await prove('a log store on JSON lines', log);
await prove('a runtime for scorecards', runtime);
end();

// What passes the suites carries the whole line: a registry on the log, a model behind an endpoint on the runtime.
const file = resolve(import.meta.dirname, '../.factory/ledger.jsonl');
rmSync(file, { force: true });
mkdirSync(dirname(file), { recursive: true });
await using registry = await openRegistry({ ...memoryStorage(), log: jsonLinesLog(file) }, { actor: 'maria' });
const contract = defineContract({
  inputs: { hour: column.number({ min: 0, max: 24 }), rain: column.number({ min: 0, max: 1 }) },
  outputs: { probability: column.probability() },
});
const version = await registry.models.register('late', { files: filesOf(LATE), contract, owner: 'ops' });
await registry.models.moveAlias('late', 'champion', version, { reason: 'the first scorecard' });

await using endpoint = await createEndpoint({ model: registry.alias('late', 'champion'), runtime: scorecardRuntime() });
const { output, served } = await endpoint.predict({ hour: 20, rain: 1 }, { unit: 'flight-7' });
console.log(`${served.model} on ${endpoint.champion.facts.runtime}: ${JSON.stringify(output)}`);
const { ok, events } = await registry.ledger.verify();
console.log(`${file.split('/').at(-1)}: ${events} events, verified: ${ok}`);
