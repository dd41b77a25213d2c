/** The page on which a customer of the local provider pays. */
import { amountText } from '../../services/domain/index.ts';
import type { SessionRow } from './store.ts';

const states: Readonly<Record<Exclude<SessionRow['state'], 'open'>, string>> = {
  paid: 'Paid. Thank you.',
  failed: 'You gave up. This order can no longer be paid.',
  expired: 'The time to pay is over.',
};

/** A whole HTML page without scripts. */
export function payPage({ id, reference, amount, currency, state }: SessionRow): string {
  const shown = amountText(amount, currency) ?? `${amount} ${currency}`;
  const rest =
    state === 'open'
      ? `<form method="post" action="/pay/${id}">${button('paid', 'Pay')}${button('declined', 'Try a card that is declined')}${button('failed', 'Give up')}</form>`
      : `<p>${states[state]}</p>`;
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Local payment</title>
<body style="font-family:sans-serif;margin:3em"><h1>${escaped(shown)}</h1><p>Reference ${escaped(reference)}</p>${rest}
<p><small>This provider is for local runs and tests. No money moves.</small></p></body></html>`;
}

function button(result: string, text: string): string {
  return `<button name="result" value="${result}" style="margin:.5em;padding:.7em">${text}</button>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (each) => `&#${each.charCodeAt(0)};`);
}
