/**
 * Tests preload this into a process. Its wall clock is wrong by CLOCK_START_MS from the beginning. At SIGUSR2
 * it jumps by CLOCK_JUMP_MS, as with a bad time server.
 */
const jumpMs = Number(process.env['CLOCK_JUMP_MS']);
const RealDate = Date;
const realNow = Date.now;
let shiftMs = Number(process.env['CLOCK_START_MS'] ?? 0);

process.on('SIGUSR2', () => {
  shiftMs += jumpMs;
});

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args) => Reflect.construct(target, args.length === 0 ? [realNow() + shiftMs] : args),
  get: (target, name) => (name === 'now' ? () => realNow() + shiftMs : Reflect.get(target, name)),
});
