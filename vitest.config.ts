import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';

/** Lanes by file name: `*.test.ts` runs in Node and Chromium, the rest where its name says. */
const LANES = ['node', 'browser', 'service', 'crash', 'example'];
const lane = (name: string) => [
  `packages/*/test/**/*.${name}.test.ts`,
  `examples/*/test/**/*.${name}.test.ts`,
  `test/**/*.${name}.test.ts`,
];
const anywhere = ['packages/*/test/**/*.test.ts', 'examples/*/test/**/*.test.ts'];

// No `module`, `import` or `default` here: Node would take them as conditions of its own, for require() too.
const conditions = ['@millwright/source', 'node'];
const resolve = { conditions };
const ssr = { resolve: { conditions, externalConditions: conditions } };
const node = { resolve, ssr };
const setupFiles = ['./test/setup.ts'];
/** Ends a test that hangs; it is no measure of speed, and a busy machine may be ten times slower than this one. */
const timeouts = { testTimeout: 60_000, hookTimeout: 60_000 };

/** How many ledger commits the chaos tests make over all stores (docs/ledger.md). */
const provide = { chaosCommits: Number(process.env['MILLWRIGHT_CHAOS_COMMITS'] ?? 100_000) };

export default defineConfig({
  test: {
    projects: [
      {
        ...node,
        test: {
          name: 'any',
          environment: 'node',
          setupFiles,
          ...timeouts,
          include: anywhere,
          exclude: ['**/node_modules/**', ...LANES.flatMap(lane)],
        },
      },
      { ...node, test: { name: 'node', environment: 'node', setupFiles, ...timeouts, include: lane('node') } },
      {
        ...node,
        test: {
          name: 'service',
          environment: 'node',
          setupFiles,
          provide,
          include: lane('service'),
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        ...node,
        test: {
          name: 'crash',
          environment: 'node',
          setupFiles,
          provide,
          include: lane('crash'),
          testTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        ...node,
        test: {
          name: 'example',
          environment: 'node',
          setupFiles,
          include: lane('example'),
          testTimeout: 600_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
      {
        ...node,
        test: {
          name: 'type',
          include: [],
          typecheck: {
            enabled: true,
            only: true,
            include: ['packages/*/test/**/*.test-d.ts'],
            tsconfig: './tsconfig.json',
          },
        },
      },
      {
        resolve: { conditions: ['@millwright/source', 'browser', 'module', 'import', 'default'] },
        test: {
          name: 'browser',
          provide,
          ...timeouts,
          include: [...lane('browser')],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: {
                executablePath: process.env['MILLWRIGHT_CHROMIUM'] ?? '/usr/bin/chromium',
                args: [
                  '--no-sandbox',
                  '--disable-quic',
                  '--disable-background-networking',
                  '--enable-unsafe-webgpu',
                  '--use-webgpu-adapter=swiftshader',
                ],
              },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
});
