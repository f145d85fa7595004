#!/usr/bin/env node
import { userInfo } from 'node:os';
import { progressOn } from './cli/progress.js';
import { runCli } from './cli.js';

const { stdout, stderr, env } = process;
process.exitCode = await runCli(process.argv.slice(2), {
  store: env['MILLWRIGHT_STORE'] ?? './factory',
  actor: env['MILLWRIGHT_ACTOR'] ?? userInfo().username,
  out: (text) => stdout.write(`${text}\n`),
  error: (text) => stderr.write(`${text}\n`),
  stopped: () => new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve)),
  progress: progressOn(stderr),
});
