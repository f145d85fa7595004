import { memoryStorage } from '@millwright/core/storage';
import { openRegistry } from '@millwright/registry';
import { describe, expect, it } from 'vitest';
import { importFromMlflow, mlflowHandler } from '../../src/mlflow.js';
import { ask, byHeader, factory } from '../http/support.js';

const API = '/api/2.0/mlflow';

describe('a registry, served as MLflow', () => {
  it('is imported by our own client with equal digests, aliases and metrics', async () => {
    const { registry } = await factory();
    const files = {
      'model.onnx': new Uint8Array([1]),
      'data/deep/er.bin': new Uint8Array([2]),
      'data/ä b.txt': new Uint8Array([3]),
    };
    await registry.models.register('team/churn', { files, owner: 'growth' });
    const handle = mlflowHandler(registry);
    const copy = await openRegistry(memoryStorage(), { actor: 'copy' });
    const options = {
      url: 'http://served',
      fetch: (url: string, init: RequestInit) => handle(new Request(url, init)),
      owner: 'copy',
    };
    for (const name of ['fraud', 'team/churn'])
      await importFromMlflow(copy, name, { ...options, aliases: ['champion'] });
    for (const id of ['fraud@1', 'fraud@2', 'team/churn@1']) {
      const [theirs, ours] = [copy.models.version(id), registry.models.version(id)];
      expect([theirs.artifact, theirs.metrics]).toEqual([ours.artifact, ours.metrics]);
    }
    expect(copy.models.aliased('fraud', 'champion')?.id).toBe('fraud@1');
  });

  it('answers as MLflow does', async () => {
    const { registry, first } = await factory();
    const handle = mlflowHandler(registry, { prefix: '/mlflow' });
    const get = async (path: string) => (await ask(handle, `/mlflow${path}`)).body;
    expect(await get(`${API}/registered-models/get?name=fraud`)).toMatchObject({
      registered_model: { name: 'fraud', aliases: [{ alias: 'champion', version: '1' }] },
    });
    expect(await get(`${API}/registered-models/search?max_results=1`)).toMatchObject({
      registered_models: [{ name: 'fraud' }],
    });
    expect(await get(`${API}/registered-models/alias?name=fraud&alias=champion`)).toMatchObject({
      model_version: {
        version: '1',
        status: 'READY',
        tags: expect.arrayContaining([{ key: 'millwright.artifact', value: first.artifact }]),
      },
    });
    const page = await get(`${API}/model-versions/search?filter=name%3D%27fraud%27&max_results=1`);
    expect(page).toMatchObject({ model_versions: [{ version: '2' }], next_page_token: expect.any(String) });
    const next = `${API}/model-versions/search?filter=name = "fraud"&max_results=1&page_token=${page['next_page_token']}`;
    expect(await get(next)).toMatchObject({ model_versions: [{ version: '1' }] });
    expect(await get('/api/2.0/mlflow-artifacts/artifacts?path=millwright/fraud@1')).toEqual({
      files: [{ path: 'rule.json', is_dir: false, file_size: 3 }],
    });
  });

  it.each([
    [`${API}/registered-models/get`, 400, 'INVALID_PARAMETER_VALUE'],
    [`${API}/registered-models/get?name=none`, 404, 'RESOURCE_DOES_NOT_EXIST'],
    [`${API}/registered-models/alias?name=fraud&alias=none`, 404, 'RESOURCE_DOES_NOT_EXIST'],
    [`${API}/registered-models/delete`, 404, 'RESOURCE_DOES_NOT_EXIST'],
    [`${API}/model-versions/get?name=fraud&version=9`, 404, 'RESOURCE_DOES_NOT_EXIST'],
    [`${API}/model-versions/get?name=fraud&version=x`, 400, 'INVALID_PARAMETER_VALUE'],
    [`${API}/model-versions/search?filter=run_id='x'`, 400, 'INVALID_PARAMETER_VALUE'],
    [`${API}/model-versions/search?max_results=0`, 400, 'INVALID_PARAMETER_VALUE'],
    ['/api/2.0/mlflow-artifacts/artifacts/millwright/fraud@1/none', 404, 'RESOURCE_DOES_NOT_EXIST'],
    ['/api/2.0/mlflow-artifacts/artifacts/millwright/fraud@1/..%2F..%2Fetc%2Fpasswd', 404, 'RESOURCE_DOES_NOT_EXIST'],
    ['/api/2.0/mlflow-artifacts/artifacts/etc/passwd', 404, 'RESOURCE_DOES_NOT_EXIST'],
    ['/api/2.0/mlflow-artifacts/artifacts/%E0%A4%A', 400, 'INVALID_PARAMETER_VALUE'],
    ['/elsewhere', 404, 'RESOURCE_DOES_NOT_EXIST'],
  ])('answers %s with %i', async (path, status, error_code) => {
    const { registry } = await factory();
    expect(await ask(mlflowHandler(registry), path)).toMatchObject({ status, body: { error_code } });
  });

  it('asks the hook, and takes no writes', async () => {
    const { registry } = await factory();
    const handle = mlflowHandler(registry, { authorise: byHeader });
    const path = `${API}/registered-models/get?name=fraud`;
    expect(await ask(handle, path)).toMatchObject({ status: 403, body: { error_code: 'PERMISSION_DENIED' } });
    expect((await ask(handle, path, { actor: 'anna' })).status).toBe(200);
    const { size } = registry.ledger.head;
    expect((await ask(handle, `${API}/registered-models/create`, { actor: 'anna', body: { name: 'x' } })).status).toBe(
      404,
    );
    expect(registry.ledger.head.size).toBe(size);
  });
});
