import { vi } from 'vitest';
import { runCli } from '../../src/cli.js';

/** What `millwright doctor --s3` says of a bucket, with the credentials where the SDK of AWS looks for them. */
export async function doctorOn(
  server: { readonly endpoint: string; readonly accessKeyId: string; readonly secretAccessKey: string },
  place: string,
): Promise<{ readonly exit: number; readonly s3: { readonly store: string; readonly reason?: string } }> {
  vi.stubEnv('AWS_ACCESS_KEY_ID', server.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', server.secretAccessKey);
  const out: string[] = [];
  const exit = await runCli(
    ['doctor', '--json', '--s3', place, '--endpoint', server.endpoint, '--region', 'us-east-1'],
    {
      store: '/nowhere',
      actor: 'maria',
      out: (text) => out.push(text),
      error: (text) => out.push(text),
      progress() {},
    },
  );
  vi.unstubAllEnvs();
  return { exit, s3: JSON.parse(out.join('')).s3 };
}
