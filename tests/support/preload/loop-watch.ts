/**
 * Tests preload this into a process. It reports on stdout each time that the event loop was blocked. It also
 * reports the processor time that all threads of the process used meanwhile. If the loop was blocked for
 * longer than that, the machine gave the core to other work.
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
