#!/usr/bin/env node
import { userInfo } from 'node:os';
import { runCli } from './cli.js';

const { stdout, stderr, env } = process;
let shown = 0;

process.exitCode = await runCli(process.argv.slice(2), {
  store: env['MILLWRIGHT_STORE'] ?? './factory',
  actor: env['MILLWRIGHT_ACTOR'] ?? userInfo().username,
  out: (text) => stdout.write(`${text}\n`),
  error: (text) => stderr.write(`${text}\n`),
  progress(done, total, what) {
    // Elsewhere than on a terminal a line per tenth is enough.
    const tenth = Math.floor((10 * done) / Math.max(total, 1));
    if (stderr.isTTY) stderr.write(`\r${done} of ${total} ${what}${done === total ? '\n' : ''}`);
    else if (tenth !== shown) stderr.write(`${done} of ${total} ${what}\n`);
    shown = tenth;
  },
});
