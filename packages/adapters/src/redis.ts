export { type RedisEventsOptions, redisEvents } from './redis/events.js';
export { type RedisExchangeOptions, redisExchange } from './redis/exchange.js';
export type { SendCommand } from './redis/reply.js';
