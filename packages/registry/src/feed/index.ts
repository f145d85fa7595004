export { type DeliveryOptions, deliverEvents, type EventExit } from './deliver.js';
export { type WatchOptions, watchEvents } from './watch-events.js';
export { deliverWebhooks, type SignedWebhook, signWebhook, verifyWebhook, type WebhookOptions } from './webhook.js';
