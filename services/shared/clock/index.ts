export { type ServerClock, startServerClock } from './server-clock.ts';
export { type Clock, systemClock } from './system-clock.ts';
