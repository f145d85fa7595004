import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts, onPath, scratch, until } from './process.js';

/** A real Prometheus that scrapes the given targets once a second. */
export interface PrometheusServer {
  /** The answer of its HTTP API: `query?query=up`. */
  ask(path: string): Promise<{ readonly status: string; readonly data: unknown }>;
  stop(): Promise<void>;
}

/** Why it cannot run here, if so. */
export function prometheusMissing(): string | undefined {
  return onPath('prometheus') && onPath('promtool') ? undefined : 'no Prometheus: apt-get install prometheus';
}

/** @param targets host, port and path by job name */
export async function startPrometheus(
  targets: Readonly<Record<string, { readonly address: string; readonly path: string }>>,
): Promise<PrometheusServer> {
  const place = scratch('prometheus');
  const [port] = await freePorts(1);
  const jobs = Object.entries(targets).map(([job_name, { address, path }]) => ({
    job_name,
    metrics_path: path,
    static_configs: [{ targets: [address] }],
  }));
  // JSON is YAML.
  const configuration = { global: { scrape_interval: '1s', scrape_timeout: '1s' }, scrape_configs: jobs };
  const file = join(place.folder, 'prometheus.yml');
  writeFileSync(file, JSON.stringify(configuration));
  const server = place.start('prometheus', [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(place.folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--enable-feature=exemplar-storage',
  ]);
  const url = `http://127.0.0.1:${port}`;
  try {
    await until('Prometheus', async () => (await fetch(`${url}/-/ready`)).ok, server);
  } catch (error) {
    await place.end();
    throw error;
  }
  return {
    ask: async (path) => (await fetch(`${url}/api/v1/${path}`)).json() as ReturnType<PrometheusServer['ask']>,
    stop: () => place.end(),
  };
}
