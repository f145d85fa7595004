import { openLedger } from '@millwright/core/ledger';
import { deliverEvents } from '@millwright/registry/feed';
import { folder } from '../../src/fs.js';
import { openExit } from './exits.js';

// Delivers the events of a folder's ledger until it is killed, and says of each that it was delivered.
const [root = '', to = ''] = process.argv.slice(2);
const ledger = await openLedger({ log: folder(root).log, actor: 'deliverer' });
const { exit } = await openExit(JSON.parse(to));
process.stdout.write('open\n');
await deliverEvents(ledger, exit, { onDelivered: (cursor) => void process.stdout.write(`${cursor}\n`) });
