import path from 'node:path';

/**
 * Where the processes of this run share their compiled code. A process that finds its code there starts in half
 * of the time.
 */
export const compileCache = path.resolve(import.meta.dirname, '../../node_modules/.cache/compile');
