import { erasureProjection, redact, verifyInclusion } from '@millwright/core/ledger';
import { expect, test } from 'vitest';
import { desk, files } from './desk.js';

test('a note is kept beside the ledger and can be erased; the act and its proof stay', async () => {
  const { registry, storage } = await desk();
  const { models, ledger } = registry;
  const note = 'Mrs. Smith of ward 3 complained twice.';
  const version = await models.register('triage', { files: files('1'), owner: 'clinic', note: 'First try.' });
  const moved = await models.moveAlias('triage', 'champion', version, { reason: 'Complaints.', note });
  expect((await registry.note(version.eventIndex))?.text).toBe('First try.');
  const written = (await registry.note(moved.eventIndex))!;
  expect(written.text).toBe(note);
  expect(await registry.note(moved.eventIndex + 1)).toBeUndefined();

  const proof = await ledger.prove(moved.eventIndex);
  await ledger.use(erasureProjection);
  await redact(ledger, registry.blobs, [written.ref], { legalBasis: 'GDPR Art. 17' });
  expect(await registry.note(moved.eventIndex)).toEqual({ ref: written.ref, text: undefined });
  for await (const event of ledger.read({ from: moved.eventIndex })) {
    expect(verifyInclusion(proof, event)).toBe(true);
    expect(JSON.stringify(event)).not.toContain('Smith');
    break;
  }
  for await (const { bytes } of storage.log.read({ from: 1 }))
    expect(new TextDecoder().decode(bytes)).not.toContain('Smith');
  expect(models.history('triage', 'champion').at(-1)).toEqual(moved);
  expect(registry.ignored()).toEqual([]);
});
