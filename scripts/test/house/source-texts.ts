import ts from 'typescript';
import { type Sentence, wholeSentencesOf } from './sentences.ts';

const titled = /^(describe|it|test)\b/;
const logged = /\blog\??\.(trace|debug|info|warn|error|fatal)$|\bthrottled(Log)?$/;
/** Arrows of a diagram or a grammar, and the dots between the steps of a protocol. */
const diagram = /[─►▼·]| => /;
/** Columns of a table in a comment. */
const columns = /\S {3,}\S/;

export interface SourceTexts {
  /** The sentences of comments, log messages and test names. */
  readonly sentences: Sentence[];
  readonly logMessages: SourceText[];
}

interface SourceText {
  readonly text: string;
  /** Line in which it begins, counted from 1. */
  readonly line: number;
}

/** The texts that people read in a TypeScript source. */
export function textsOfSource(source: string): SourceTexts {
  const file = ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, true);
  const comments = new Map<number, ts.CommentRange>();
  const titles: SourceText[] = [];
  const logMessages: SourceText[] = [];
  const visit = (node: ts.Node): void => {
    for (const range of ts.getLeadingCommentRanges(source, node.getFullStart()) ?? [])
      comments.set(range.pos, range);
    for (const range of ts.getTrailingCommentRanges(source, node.getEnd()) ?? [])
      comments.set(range.pos, range);
    if (ts.isCallExpression(node)) {
      const name = node.expression.getText(file);
      if (titled.test(name)) titles.push(...node.arguments.flatMap((argument) => literals(argument, file)));
      // The message of a log call is its last argument.
      else if (logged.test(name)) logMessages.push(...literals(node.arguments.at(-1), file));
    }
    for (const child of node.getChildren(file)) visit(child);
  };
  visit(file);
  const named = [...titles, ...logMessages].flatMap(({ text, line }) => wholeSentencesOf(text, line));
  return { sentences: [...sentencesOfComments(source, [...comments.values()]), ...named], logMessages };
}

/** The text of a literal or a template, or the texts of both branches of a condition. */
function literals(node: ts.Expression | undefined, file: ts.SourceFile): SourceText[] {
  if (node === undefined) return [];
  if (ts.isConditionalExpression(node))
    return [...literals(node.whenTrue, file), ...literals(node.whenFalse, file)];
  if (!ts.isStringLiteral(node) && !ts.isTemplateLiteral(node)) return [];
  const line = file.getLineAndCharacterOfPosition(node.pos).line + 1;
  return [{ text: node.getText(file).slice(1, -1), line }];
}

/** Consecutive line comments are one text. */
function sentencesOfComments(source: string, comments: readonly ts.CommentRange[]): Sentence[] {
  const sentences: Sentence[] = [];
  let paragraph = { text: '', line: 0, end: -2 };
  const close = (): void => {
    if (!diagram.test(paragraph.text)) sentences.push(...wholeSentencesOf(paragraph.text, paragraph.line));
    paragraph = { text: '', line: 0, end: -2 };
  };
  for (const { pos, end } of [...comments].sort((a, b) => a.pos - b.pos)) {
    const first = lineAt(source, pos);
    for (const [index, raw] of source.slice(pos, end).split('\n').entries()) {
      const text = raw.replace(/^\s*(\/\*+|\*\/|\*|\/\/)\s?|\s*\*\/$/g, '').trim();
      const begins =
        /^(@\w|[-*]\s|\d+\.\s)/.test(text) ||
        columns.test(text) ||
        (index === 0 && !continues(source, pos, paragraph.end));
      if (begins || text === '') close();
      if (text === '') continue;
      paragraph = {
        text: `${paragraph.text} ${text.replace(/^(@\w+|[-*]|\d+\.)\s+/, '')}`.trim(),
        line: paragraph.line || first + index,
        end: first + index,
      };
    }
    if (source.startsWith('/*', pos)) close();
  }
  close();
  return sentences;
}

/** Whether a line comment is alone on its line, directly below another line comment. */
function continues(source: string, pos: number, lastLine: number): boolean {
  const before = source.slice(source.lastIndexOf('\n', pos) + 1, pos);
  return source.startsWith('//', pos) && before.trim() === '' && lineAt(source, pos) === lastLine + 1;
}

function lineAt(source: string, pos: number): number {
  return source.slice(0, pos).split('\n').length;
}
