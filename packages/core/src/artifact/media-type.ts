/** Media types by extension, for files that are put without one. Names without a registered type use Millwright's tree. */
const BY_EXTENSION: Readonly<Record<string, string>> = {
  arrow: 'application/vnd.apache.arrow.file',
  bin: 'application/octet-stream',
  csv: 'text/csv',
  gguf: 'application/vnd.gguf',
  html: 'text/html',
  jinja: 'text/x-jinja',
  json: 'application/json',
  jsonl: 'application/x-ndjson',
  md: 'text/markdown',
  ndjson: 'application/x-ndjson',
  onnx: 'application/onnx',
  parquet: 'application/vnd.apache.parquet',
  prompt: 'text/x-prompt',
  safetensors: 'application/vnd.safetensors',
  txt: 'text/plain',
  yaml: 'application/yaml',
  yml: 'application/yaml',
};

/** The media type that a path's extension stands for, or undefined. */
export function mediaTypeOf(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot < 0 ? undefined : BY_EXTENSION[name.slice(dot + 1).toLowerCase()];
}
