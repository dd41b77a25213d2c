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

const sentenceEnd = /(?<=[.!?])["')*_]*\s+/;
const clauseEnd = /(?<=[.!?:;])["')*_]*\s+/;

/** The sentences of one paragraph that begins in `line`. A colon and a semicolon count as ends of sentences too. */
export function sentencesOf(paragraph: string, line: number): Sentence[] {
  return split(paragraph, line, clauseEnd);
}

/** The sentences of one paragraph from full stop to full stop, with all their clauses. */
export function wholeSentencesOf(paragraph: string, line: number): Sentence[] {
  return split(paragraph, line, sentenceEnd);
}

function split(paragraph: string, line: number, end: RegExp): Sentence[] {
  const plain = paragraph
    .replaceAll(/`[^`]*`/g, 'code')
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/https?:[^\s)]+/g, 'address');
  return plain
    .split(end)
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
