import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { loadCommands } from '../cli/commands.ts';
import { metricFaults } from './metric-faults.ts';

const folder = path.join(import.meta.dirname, 'runbooks');
const pages = ['README.md', ...readdirSync(folder).map((file) => `runbooks/${file}`)];
const read = (page: string): string => readFileSync(path.join(import.meta.dirname, page), 'utf8');

describe.each(pages)('%s', (page) => {
  const text = read(page);

  test('links only to files that exist', () => {
    const links = [...text.matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, link]) => link!);
    const home = path.join(import.meta.dirname, path.dirname(page));
    expect(links.filter((link) => !existsSync(path.join(home, link)))).toEqual([]);
  });

  test('names only metrics that exist', () => {
    const metrics = text.match(/(?<![\w/-])orderstream_\w+(?:\{[^}]*"\})?/g) ?? [];
    expect(metrics.flatMap((metric) => metricFaults(withEnding(metric)))).toEqual([]);
  });

  test('names only commands and options that exist', async () => {
    const lines = [...text.matchAll(/(?<=`|^)(?:npx )?orderstream ([^`#\n]+)/gm)].map(([, line]) =>
      line!.trim(),
    );
    const faults = await Promise.all(lines.map(commandFault));
    expect(faults.filter((fault) => fault !== null)).toEqual([]);
  });
});

/** A page names a histogram without the ending of a series. */
function withEnding(metric: string): string {
  return metric.replace(/^(\w+_(?:seconds|records))(?=\{|$)/, (name) =>
    metricFaults(`${name}_count`).length === 0 ? `${name}_count` : name,
  );
}

/** What is wrong with the words after `orderstream`; null if the command line knows them. */
async function commandFault(line: string): Promise<string | null> {
  const [name = '', ...words] = line.split(/\s+/);
  const [top] = (await loadCommands([name])).filter((command) => command.name() === name);
  if (top === undefined) return `${line}: no command ${name}`;
  let command: Command = top;
  for (const word of words) {
    const inner = command.commands.find((one) => one.name() === word);
    if (inner !== undefined) command = inner;
    else if (command.commands.length > 0 && /^[a-z]/.test(word)) return `${line}: no command ${word}`;
  }
  if (command.commands.length > 0) return `${line}: a command is missing`;
  const unknown = words.find(
    (word) => word.startsWith('--') && !command.options.some(({ long }) => long === word),
  );
  return unknown === undefined ? null : `${line}: no option ${unknown}`;
}
