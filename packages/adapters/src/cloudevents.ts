export { type CloudEvent, type CloudEventOptions, cloudEvents, toCloudEvent } from './cloudevents/envelope.js';
export { batched, binary, type HttpMessage, readCloudEvent, structured } from './cloudevents/http.js';
