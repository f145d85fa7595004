import { S3Client } from '@aws-sdk/client-s3';
import type { Storage } from '@millwright/core/storage';
import pg from 'pg';
import { folder } from '../../src/fs.js';
import { postgres } from '../../src/postgres.js';
import { s3 } from '../../src/s3.js';

/** Where the ledger of a fleet lies; travels to its processes as JSON. */
export type Store =
  | { readonly kind: 'folder'; readonly root: string }
  | { readonly kind: 'postgres'; readonly port: number; readonly place: string }
  | {
      readonly kind: 's3';
      readonly endpoint: string;
      readonly prefix: string;
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
    };

export function openStore(store: Store): Storage {
  switch (store.kind) {
    case 'folder':
      return folder(store.root);
    case 'postgres': {
      const pool = new pg.Pool({ host: '127.0.0.1', port: store.port, user: 'postgres', database: 'postgres', max: 4 });
      pool.on('error', () => undefined);
      const storage = postgres({ pool, place: store.place, announce: true });
      return {
        ...storage,
        async [Symbol.asyncDispose]() {
          await storage[Symbol.asyncDispose]();
          await pool.end();
        },
      };
    }
    case 's3': {
      const { endpoint, prefix, accessKeyId, secretAccessKey } = store;
      const credentials = { accessKeyId, secretAccessKey };
      const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
      return s3({ bucket: 'bucket', prefix, client });
    }
    default:
      return store satisfies never;
  }
}
