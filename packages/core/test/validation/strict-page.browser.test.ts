import { expect, test } from 'vitest';

const POLICY = "default-src 'none'; script-src 'self'; require-trusted-types-for 'script'";

test('a page that forbids code from strings can validate and profile', async () => {
  const frame = document.createElement('iframe');
  const said = new Promise((resolve) => addEventListener('message', (event) => resolve(event.data), { once: true }));
  const script = new URL('../support/strict-page.ts', import.meta.url).href;
  frame.srcdoc = `<meta http-equiv="Content-Security-Policy" content="${POLICY}"><script type="module" src="${script}"></script>`;
  document.body.append(frame);
  expect(await said).toEqual({
    verdicts: ['fail', 'pass', 'pass', 'pass', 'pass', 'pass', 'pass'],
    unexpected: [2_000, 500, 0, 500, 0, 0, 0],
    markdown: true,
    violations: [],
    codeFromStrings: 'refused',
  });
  frame.remove();
});
