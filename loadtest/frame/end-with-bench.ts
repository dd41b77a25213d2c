/**
 * Loaded into a service of a bench. The channel to the bench closes when the bench ends for any reason. The service then
 * stops as at SIGTERM. Otherwise a killed bench or test would leave its services running.
 */
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
// The channel alone must not keep the service running.
process.channel?.unref();
