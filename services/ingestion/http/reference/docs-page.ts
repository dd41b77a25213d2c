/** The API page for people: plain HTML, generated from the operations. */

import { type ProblemCode, problemTable, problemType } from '../../problems/problem-table.ts';
import { type Operation, scopesOf } from '../operation.ts';

const style =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}' +
  'code{background:#f3f3f3;padding:.1em .3em;border-radius:3px}table{border-collapse:collapse;width:100%}' +
  'td,th{border-bottom:1px solid #ddd;padding:.4em;text-align:left;vertical-align:top}h2{margin-top:2.5rem}';

export function docsPage(operations: readonly Operation[]): string {
  return pageOf(
    'orderstream API',
    `<p>The machine-readable form of this page is <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1). Every route requires
<code>Authorization: Bearer …</code> with its own scope. Every error is an <code>application/problem+json</code>
document; <a href="#problems">the list below</a> has all of them.</p>${operations.map(section).join('')}${problemTableHtml()}`,
  );
}

export function problemPage(code: ProblemCode): string {
  const { status, title, meaning } = problemTable[code];
  return pageOf(
    title,
    `<p><code>${code}</code>, HTTP ${status}</p><p>${prose(meaning)}</p><p><a href="/docs">The whole API</a></p>`,
  );
}

function section(operation: Operation): string {
  const { method, url, summary, description = '', parameters, responses, problems } = operation;
  const path = url.replaceAll(/:(\w+)/g, '{$1}');
  const rows = parameters.map(
    (p) =>
      `<tr><td><code>${escapeHtml(p.name)}</code></td><td>${p.in}${p.required ? ', required' : ''}</td><td>${prose(p.description)}</td></tr>`,
  );
  const replies = Object.entries(responses).map(
    ([status, answer]) => `<tr><td>${status}</td><td>${prose(answer.description)}</td></tr>`,
  );
  const failures = problems
    .map((code) => `<a href="${problemType(code)}"><code>${code}</code></a>`)
    .join(' ');
  return `<h2><code>${method} ${path}</code></h2><p><b>${escapeHtml(summary)}.</b> ${prose(description)} ${scopeText(operation)}.</p>
${rows.length === 0 ? '' : `<table>${rows.join('')}</table>`}<table>${replies.join('')}</table><p>Problems: ${failures}</p>`;
}

function scopeText(operation: Operation): string {
  const scopes = scopesOf(operation)?.map((scope) => `<code>${scope}</code>`);
  return scopes === undefined ? 'No token; the request is signed' : `Scope ${scopes.join(' or ')}`;
}

function problemTableHtml(): string {
  const rows = (Object.keys(problemTable) as ProblemCode[]).map((code) => {
    const { status, meaning } = problemTable[code];
    return `<tr><td><a href="${problemType(code)}"><code>${code}</code></a></td><td>${status}</td><td>${prose(meaning)}</td></tr>`;
  });
  return `<h2 id="problems">Problems</h2><table>${rows.join('')}</table>`;
}

function pageOf(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title><style>${style}</style></head><body><h1>${escapeHtml(title)}</h1>${body}</body></html>`;
}

/** Converts a text with `code` marks to HTML. */
function prose(text: string): string {
  return escapeHtml(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
