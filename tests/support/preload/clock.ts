/** Loaded into a process before anything else: at SIGUSR2 its wall clock jumps by CLOCK_JUMP_MS, as a bad time server would make it. */
const jumpMs = Number(process.env['CLOCK_JUMP_MS']);
const RealDate = Date;
const realNow = Date.now;
let shiftMs = 0;

process.on('SIGUSR2', () => {
  shiftMs += jumpMs;
});

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args) => Reflect.construct(target, args.length === 0 ? [realNow() + shiftMs] : args),
  get: (target, name) => (name === 'now' ? () => realNow() + shiftMs : Reflect.get(target, name)),
});
