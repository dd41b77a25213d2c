import ts from 'typescript';
import { type Sentence, sentencesOf } from './sentences.ts';

const titled = /^(describe|it|test)\b/;
/** Arrows of a diagram or a grammar, and the dots between the steps of a protocol. */
const diagram = /[─►▼·]| => /;
const logged = /\blog\.(trace|debug|info|warn|error|fatal)$/;

/** The sentences that people read in a TypeScript source: comments, log messages and test names. */
export function sentencesOfSource(source: string): Sentence[] {
  const file = ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, true);
  const comments = new Map<number, ts.CommentRange>();
  const texts: Sentence[] = [];
  const visit = (node: ts.Node): void => {
    for (const range of ts.getLeadingCommentRanges(source, node.getFullStart()) ?? [])
      comments.set(range.pos, range);
    for (const range of ts.getTrailingCommentRanges(source, node.getEnd()) ?? [])
      comments.set(range.pos, range);
    if (ts.isCallExpression(node)) texts.push(...sentencesOfCall(node, file));
    for (const child of node.getChildren(file)) visit(child);
  };
  visit(file);
  return [...sentencesOfComments(source, [...comments.values()]), ...texts];
}

function sentencesOfCall(call: ts.CallExpression, file: ts.SourceFile): Sentence[] {
  const name = call.expression.getText(file);
  if (!titled.test(name) && !logged.test(name)) return [];
  return call.arguments.flatMap((argument) => {
    if (!ts.isStringLiteral(argument) && !ts.isTemplateLiteral(argument)) return [];
    return sentencesOf(
      argument.getText(file).slice(1, -1),
      file.getLineAndCharacterOfPosition(argument.pos).line + 1,
    );
  });
}

/** Consecutive line comments are one text. */
function sentencesOfComments(source: string, comments: readonly ts.CommentRange[]): Sentence[] {
  const sentences: Sentence[] = [];
  let paragraph = { text: '', line: 0, end: -2 };
  const close = (): void => {
    if (!diagram.test(paragraph.text)) sentences.push(...sentencesOf(paragraph.text, paragraph.line));
    paragraph = { text: '', line: 0, end: -2 };
  };
  for (const { pos, end } of [...comments].sort((a, b) => a.pos - b.pos)) {
    const first = lineAt(source, pos);
    for (const [index, raw] of source.slice(pos, end).split('\n').entries()) {
      const text = raw.replace(/^\s*(\/\*+|\*\/|\*|\/\/)\s?|\s*\*\/$/g, '').trim();
      const begins =
        /^(@\w|[-*]\s|\d+\.\s)/.test(text) || (index === 0 && !continues(source, pos, paragraph.end));
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
