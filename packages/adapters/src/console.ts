export { type ConsoleOptions, consoleHandler } from './console/handler.js';
