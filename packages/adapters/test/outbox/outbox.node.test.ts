import { expect, test } from 'vitest';
import { commandOutbox } from '../../src/outbox.js';

test('says what it needs where there is no browser', async () => {
  await using outbox = commandOutbox('commands');
  await expect(outbox.put('note.add', {})).rejects.toMatchObject({
    code: 'storage/unsupported',
    details: { needs: 'IndexedDB and Web Locks' },
  });
});
