import { type ReportModel, renderReport } from '@millwright/adapters/html-report';
import { afterEach, expect, test } from 'vitest';
import { sampleReport } from './sample.js';

afterEach(() => document.querySelector('iframe')?.remove());

async function open(html: string): Promise<Document> {
  const frame = document.createElement('iframe');
  frame.style.cssText = 'width:1000px;height:800px';
  frame.srcdoc = html;
  const loaded = new Promise((resolve) => frame.addEventListener('load', resolve, { once: true }));
  document.body.append(frame);
  await loaded;
  return frame.contentDocument!;
}

test('Chromium reads it as it was meant', async () => {
  const page = await open(renderReport(sampleReport()));
  expect(page.compatMode).toBe('CSS1Compat');
  expect(page.querySelectorAll('section')).toHaveLength(11);
  expect(page.querySelectorAll('svg[role=img] > title:first-child').length).toBeGreaterThan(10);
  expect(JSON.parse(page.querySelector('#report')?.textContent ?? '')).toMatchObject({ title: sampleReport().title });
  expect(page.documentElement.scrollWidth).toBeLessThanOrEqual(1000);
  for (const link of page.querySelectorAll('nav a'))
    expect(page.querySelector(link.getAttribute('href')!)).not.toBeNull();
});

test('markup in a name stays a name', async () => {
  const name = '<img src=x onerror="parent.hacked=1"></title></svg><script>parent.hacked=1</script>';
  const model: ReportModel = {
    ...sampleReport(),
    title: name,
    timeline: [{ time: 0, kind: 'note', sentence: name }],
    lineage: { nodes: [{ id: name, kind: name, label: name }], edges: [] },
  };
  const page = await open(renderReport(model));
  expect('hacked' in window).toBe(false);
  expect(page.querySelectorAll('img, script:not([type="application/json"])')).toHaveLength(0);
  expect(page.querySelector('h1')?.textContent).toBe(name);
  expect(page.querySelector('g.node > title')?.textContent).toBe(name);
});
