/**
 * Loaded into a process before anything else: tells on stdout of each time that its event loop stood still, and how much
 * processor time the process has used meanwhile, all its threads together. A loop that stood still for longer than that
 * was waiting for a core, which is the machine's doing.
 */
const everyMs = 10;
const standstillMs = Number(process.env['STANDSTILL_MS'] ?? 50);

let lastMs = performance.now();
let lastCpu = process.cpuUsage();

setInterval(() => {
  const wallMs = performance.now() - lastMs - everyMs;
  if (wallMs > standstillMs) {
    const { user, system } = process.cpuUsage(lastCpu);
    const cpuMs = (user + system) / 1_000;
    process.stdout.write(`${JSON.stringify({ msg: 'event loop stood still', wallMs, cpuMs })}\n`);
  }
  lastMs = performance.now();
  lastCpu = process.cpuUsage();
}, everyMs).unref();
