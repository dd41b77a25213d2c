#!/usr/bin/env node
import { Command } from 'commander';
import { stackCommand } from './commands/stack.ts';

const program = new Command('orderstream').description('the command line of orderstream');
program.addCommand(stackCommand());
await program.parseAsync();
