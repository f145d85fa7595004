export { type PessimisticOptions, pessimisticLog } from './pessimistic-log.js';
export { type VirtualClock, virtualClock } from './virtual-clock.js';
