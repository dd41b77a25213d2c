/** The commands of docs/recovery.md. So the tests run exactly the commands of the page. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

const page = path.resolve(import.meta.dirname, '../../../docs/recovery.md');

/** The `orderstream` commands below a heading, in order, as arguments. Throws for a heading without any. */
export function pageCommands(heading: string): string[][] {
  const text = readFileSync(page, 'utf8');
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  const blocks = [...(section ?? '').matchAll(/^```sh\n([\s\S]*?)^```/gm)].map((match) => match[1]!);
  const commands = blocks.flatMap((block) => block.trim().split('\n')).map((line) => line.split(' '));
  for (const [npx, name] of commands) {
    if (npx !== 'npx' || name !== 'orderstream')
      throw new Error(`${npx} ${name} is no command of this product`);
  }
  if (commands.length === 0) throw new Error(`docs/recovery.md has no commands under "${heading}"`);
  return commands.map(([, , ...args]) => args);
}
