import { Command } from 'commander';
import { showStatus } from '../recover/status.ts';
import { DEFAULT_INSTANCE } from '../servers.ts';

/** `orderstream recover`: what stopped a lane, and the ways to go on that need an operator's decision. */
export function recoverCommand(): Command {
  return new Command('recover')
    .description('lanes that stopped because logs and tables do not fit: see why, and go on')
    .addCommand(statusCommand());
}

function statusCommand(): Command {
  return new Command('status')
    .description('hold every lane against both logs; exit code 1 where one does not fit')
    .option('--json', 'print it as JSON')
    .option('--name <instance>', 'local instance that is read', DEFAULT_INSTANCE)
    .action(showStatus);
}
