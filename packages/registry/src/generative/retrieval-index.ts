import { type Abortable, type Digest, defined, digestJson, invalidInput, MillwrightError } from '@millwright/core';
import type { FileSource, VerifiedArtifact } from '@millwright/core/artifact';
import { plainJson } from '../json-blob.js';
import { MAX_WORD, parseStatement } from '../text.js';
import { type ArtifactVersion, documentFile, readDocument } from './document.js';

/** How texts became vectors. Vectors of two embeddings must never meet. */
export interface Embedding {
  /** With its version: `acme/embed@3`. */
  readonly model: string;
  readonly dimensions: number;
  readonly metric: 'cosine' | 'dot' | 'euclidean';
  /** Prefix, pooling, normalisation and whatever else changes vectors. */
  readonly parameters?: Readonly<Record<string, string | number | boolean>> | undefined;
}

/** How a retrieval index was made, and how much is in it. */
export interface IndexDefinition {
  readonly embedding: Embedding;
  /** How documents were cut: `{ tokens: 256, overlap: 32 }`. */
  readonly chunking?: Readonly<Record<string, string | number | boolean>> | undefined;
  readonly documents: number;
  readonly chunks: number;
}

/** What a retrieval index holds, and how it must be asked. */
export interface RetrievalIndex extends IndexDefinition {
  /** Of embedding, chunking and counts; the artifact's digest is that of the files, too. */
  readonly digest: Digest;
  /** Of the embedding alone: indexes with the same one can be asked with the same vectors. */
  readonly embeddingDigest: Digest;
  /** Checks a query before it is asked. @throws `contract/violated` for vectors of another length or embedding, or that are not finite */
  checkQuery(vector: ArrayLike<number>, embedding?: Embedding | Digest): void;
}

/** Kind and files for `models.register`: the index's own files beside its description. @throws `input/invalid` */
export function indexVersion(
  definition: IndexDefinition,
  files: Readonly<Record<string, FileSource>>,
): ArtifactVersion {
  if (Object.keys(files).length === 0) throw invalidInput('files', 'the files of the index', 'none');
  if (Object.hasOwn(files, FILE)) throw invalidInput('files', `other names than \`${FILE}\``, FILE);
  const { embedding, chunking, documents, chunks } = defineIndex(definition);
  const body = plainJson({ format: FORMAT, embedding, documents, chunks, ...defined({ chunking }) });
  return { kind: 'index', files: { ...files, [FILE]: documentFile(body, MEDIA_TYPE) } };
}

/** A retrieval index by its description. @throws `input/invalid` */
export function defineIndex(definition: IndexDefinition): RetrievalIndex {
  const { embedding, chunking, documents, chunks } = definition;
  parseStatement(embedding.model, 'embedding.model', MAX_WORD);
  if (!Number.isSafeInteger(embedding.dimensions) || embedding.dimensions < 1)
    throw invalidInput('embedding.dimensions', 'an integer of 1 or more', embedding.dimensions);
  if (!['cosine', 'dot', 'euclidean'].includes(embedding.metric))
    throw invalidInput('embedding.metric', '`cosine`, `dot` or `euclidean`', embedding.metric);
  for (const [name, count] of Object.entries({ documents, chunks }))
    if (!Number.isSafeInteger(count) || count < 0) throw invalidInput(name, 'an integer of 0 or more', count);
  const facts = { embedding, documents, chunks, ...defined({ chunking }) };
  const embeddingDigest = digestJson(plainJson(embedding));
  return {
    ...facts,
    digest: digestJson(plainJson(facts)),
    embeddingDigest,
    checkQuery(vector, asked = embeddingDigest) {
      const other = typeof asked === 'string' ? asked : digestJson(plainJson(asked));
      if (other !== embeddingDigest) throw badQuery('embedding', embeddingDigest, other);
      if (vector.length !== embedding.dimensions)
        throw badQuery('vector', `${embedding.dimensions} numbers`, `${vector.length} numbers`);
      for (let i = 0; i < vector.length; i++)
        if (!Number.isFinite(vector[i])) throw badQuery(`vector[${i}]`, 'a finite number', String(vector[i]));
    },
  };
}

/** The description of an index, from its verified files. @throws `contract/invalid`, `state/not-found` for another kind of artifact */
export async function openIndex(artifact: VerifiedArtifact, options?: Abortable): Promise<RetrievalIndex> {
  return defineIndex(await readDocument<IndexDefinition>(artifact, FILE, FORMAT, options));
}

const FORMAT = 'millwright.index/1';
const FILE = 'index.json';
const MEDIA_TYPE = 'application/vnd.millwright.index+json';

function badQuery(path: string, expected: string, received: string): MillwrightError<'contract/violated'> {
  return new MillwrightError(
    'contract/violated',
    `The query does not fit the index: expected ${path} to be ${expected}, got ${received}.`,
    {
      details: { violations: [{ path, expected, received }] },
    },
  );
}
