/** Splits prose into sentences: Markdown without its code, tables cell by cell, lists item by item. */

export interface Sentence {
  readonly text: string;
  /** Line in which it begins, counted from 1. */
  readonly line: number;
  readonly words: number;
}

/**
 * The sentences of a Markdown text. Code blocks, inline code, addresses of links and HTML comments are not
 * prose.
 */
export function sentencesOfMarkdown(markdown: string): Sentence[] {
  const sentences: Sentence[] = [];
  for (const { text, line } of paragraphsOf(markdown)) {
    for (const cell of text.startsWith('|') ? text.split('|') : [text])
      sentences.push(...sentencesOf(cell, line));
  }
  return sentences;
}

/** The sentences of one paragraph that begins in `line`. */
export function sentencesOf(paragraph: string, line: number): Sentence[] {
  const plain = paragraph
    .replaceAll(/`[^`]*`/g, 'code')
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/https?:\S+/g, 'address');
  // A full stop before a blank ends a sentence. A colon and a semicolon count as the end of a sentence too.
  return plain
    .split(/(?<=[.!?:;])["')*_]*\s+/)
    .map((text) => ({ text: text.trim(), line, words: wordsIn(text) }))
    .filter(({ words }) => words > 0);
}

function wordsIn(text: string): number {
  return text.match(/[\p{L}\p{N}][\p{L}\p{N}'’.,/_-]*/gu)?.length ?? 0;
}

interface Paragraph {
  text: string;
  readonly line: number;
}

/** Joins the lines of each paragraph. A list item, a table row and a heading are separate paragraphs. */
function paragraphsOf(markdown: string): Paragraph[] {
  const paragraphs: Paragraph[] = [];
  let open: Paragraph | undefined;
  let fence: string | null = null;
  for (const [index, raw] of markdown.split('\n').entries()) {
    const text = raw.trim();
    const mark = /^(```+|~~~+)/.exec(text)?.[1] ?? null;
    if (fence !== null) {
      if (mark === fence) fence = null;
      continue;
    }
    if (mark !== null) fence = mark;
    if (mark !== null || text === '' || text.startsWith('<!--')) {
      open = undefined;
      continue;
    }
    const begins = /^([-*+]|\d+\.)\s|^#|^\||^>/.test(text);
    if (open !== undefined && !begins) open.text += ` ${text}`;
    else {
      open = { text: text.replace(/^([-*+]|\d+\.|#+|>)\s+/, ''), line: index + 1 };
      paragraphs.push(open);
      if (/^[#|]/.test(text)) open = undefined;
    }
  }
  return paragraphs;
}
