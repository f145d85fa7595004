import { startServer } from './server.js';

const { origin } = await startServer(Number(process.env['PORT'] ?? 8080));
process.stdout.write(`A model on this device: ${origin}\n`);
