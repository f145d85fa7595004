export {
  type InferOptions,
  type ModelMetadata,
  type ModelName,
  type OpenInferenceClient,
  type OpenInferenceClientOptions,
  openInferenceClient,
} from './client.js';
export { type OpenInferenceHandlerOptions, openInferenceHandler } from './handler.js';
export {
  decodeRequest,
  decodeResponse,
  type EncodedMessage,
  encodeRequest,
  encodeResponse,
  type InferenceRequest,
  type InferenceResponse,
} from './message.js';
export { type OpenInferenceOptions, type OpenInferenceRuntime, openInference } from './runtime.js';
export { type Inferred, type ServedModel, type ServeEndpointOptions, serveEndpoint, serveModel } from './served.js';
