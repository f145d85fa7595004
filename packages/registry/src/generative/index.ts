export type { ArtifactVersion } from './document.js';
export { defineJudge, type JudgeConfiguration, type JudgeDefinition, openJudge } from './judge.js';
export { definePrompt, openPrompt, type Prompt, type PromptDefinition, type PromptMessage } from './prompt.js';
export {
  defineIndex,
  type Embedding,
  type IndexDefinition,
  indexVersion,
  openIndex,
  type RetrievalIndex,
} from './retrieval-index.js';
