/** Media types by extension, for files that are put without one. Names without a registered type use Millwright's tree. */
const BY_EXTENSION: Readonly<Record<string, string>> = {
  arrow: 'application/vnd.apache.arrow.file',
  bin: 'application/octet-stream',
  csv: 'text/csv',
  faiss: 'application/vnd.millwright.index',
  gguf: 'application/vnd.gguf',
  hnsw: 'application/vnd.millwright.index',
  html: 'text/html',
  index: 'application/vnd.millwright.index',
  jinja: 'text/x-jinja',
  json: 'application/json',
  jsonl: 'application/x-ndjson',
  md: 'text/markdown',
  ndjson: 'application/x-ndjson',
  onnx: 'application/onnx',
  parquet: 'application/vnd.apache.parquet',
  prompt: 'text/x-prompt',
  safetensors: 'application/vnd.safetensors',
  tiktoken: 'application/vnd.millwright.tokenizer',
  txt: 'text/plain',
  yaml: 'application/yaml',
  yml: 'application/yaml',
};

/** Names that say more than their extension. */
const BY_NAME: Readonly<Record<string, string>> = {
  'tokenizer.json': 'application/vnd.millwright.tokenizer+json',
  'tokenizer.model': 'application/vnd.millwright.tokenizer',
};

/** The media type that a path's name or extension stands for, or undefined. */
export function mediaTypeOf(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  if (Object.hasOwn(BY_NAME, name)) return BY_NAME[name];
  const extension = name.slice(name.lastIndexOf('.') + 1);
  return extension !== name && Object.hasOwn(BY_EXTENSION, extension) ? BY_EXTENSION[extension] : undefined;
}
