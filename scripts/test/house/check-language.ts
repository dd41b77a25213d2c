/**
 * A stage of `npm test`. It fails on long sentences, on words that readers cannot know, and on log messages that
 * begin with a capital letter. It checks Markdown, the texts of the API document, and the comments, log messages
 * and test names of TypeScript sources.
 */
import { readFileSync } from 'node:fs';
import { beginsPlainly } from './log-messages.ts';
import { type Sentence, sentencesOf, sentencesOfMarkdown } from './sentences.ts';
import { textsOfSource } from './source-texts.ts';
import { trackedFiles } from './tracked.ts';
import { unclearWords } from './unclear-words.ts';

/** Of one sentence. In Markdown and the API document a colon and a semicolon end a sentence too. */
const wordsMax = 20;
const apiDocument = 'services/ingestion/openapi.json';

const faults = [
  ...trackedFiles('*.md').flatMap(checkMarkdown),
  ...checkApiDocument(),
  ...trackedFiles('*.ts').flatMap(checkSource),
];
for (const fault of faults) console.log(fault);
if (faults.length > 0)
  console.log(`${faults.length} places are hard to read (CONTRIBUTING.md, "Plain English")`);
process.exitCode = faults.length > 0 ? 1 : 0;

function checkMarkdown(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const long = sentencesOfMarkdown(text).flatMap((sentence) => tooLong(`${file}:${sentence.line}`, sentence));
  return [...long, ...unclear(file, text)];
}

function checkSource(file: string): string[] {
  if (file.startsWith('scripts/test/house/')) return [];
  const source = readFileSync(file, 'utf8');
  const { sentences, logMessages } = textsOfSource(source);
  return [
    ...sentences.flatMap((sentence) => tooLong(`${file}:${sentence.line}`, sentence)),
    ...logMessages
      .filter(({ text }) => !beginsPlainly(text))
      .map(({ text, line }) => `${file}:${line}: begin the log message in lower case: ${text.slice(0, 100)}`),
    ...unclear(file, source),
  ];
}

/** Titles, summaries and descriptions, wherever they are in the document. */
function checkApiDocument(): string[] {
  const faults: string[] = [];
  const visit = (value: unknown, at: string): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, member] of Object.entries(value)) {
      if (typeof member === 'string' && ['title', 'summary', 'description'].includes(key)) {
        for (const sentence of sentencesOf(member, 0)) faults.push(...tooLong(`${at}/${key}`, sentence));
        faults.push(...unclear(`${at}/${key}`, member));
      } else visit(member, `${at}/${key}`);
    }
  };
  visit(JSON.parse(readFileSync(apiDocument, 'utf8')), apiDocument);
  return faults;
}

function tooLong(where: string, { text, words }: Sentence): string[] {
  return words > wordsMax ? [`${where}: ${words} words: ${text.slice(0, 100)}…`] : [];
}

function unclear(where: string, text: string): string[] {
  return text
    .split('\n')
    .flatMap((line, index) =>
      unclearWords
        .filter(({ pattern }) => pattern.test(line))
        .map(
          ({ instead }) => `${where}:${index + 1}: say it plainly (${instead}): ${line.trim().slice(0, 100)}`,
        ),
    );
}
