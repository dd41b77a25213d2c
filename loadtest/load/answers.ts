/** What the answer to a request says about each of its orders. */
import type { Answer } from '../client/connection.ts';

export type OrderResult =
  | {
      readonly kind: 'accepted';
      readonly id: string;
      readonly statusUrl: string;
    }
  | Refused;

export interface Refused {
  readonly kind: 'refused';
  /** Status code of the order: that of its result in a batch. */
  readonly status: number;
  /** Problem code; null if the answer has none. */
  readonly code: string | null;
}

export interface Reading {
  /** Problem code of the whole answer; null if it has none. */
  readonly code: string | null;
  /** One result per order, in the order of the request. */
  readonly results: readonly OrderResult[];
}

/** Reads the answer to a request with `count` orders; a request with more than one is a batch. */
export function readAnswer(answer: Answer, count: number): Reading {
  const { status } = answer;
  const body = parse(answer.body);
  const isWhole = status === 200 || status === 202;
  if (isWhole && count === 1 && isAccepted(body)) return { code: null, results: [accepted(body)] };
  if (isWhole && count > 1 && Array.isArray(body['items']) && body['items'].length === count)
    return { code: null, results: (body['items'] as Item[]).map(readItem) };
  const code = isWhole ? 'UNREADABLE' : codeOf(body);
  return { code, results: new Array<Refused>(count).fill({ kind: 'refused', status, code }) };
}

/** Whether the API asks for the same order again, or may have taken it. */
export function isTemporary({ status, code }: Refused): boolean {
  return code === 'UNREADABLE' || status >= 500 || [408, 409, 425, 429].includes(status);
}

/** Why no further request can succeed, as a sentence; null if one can. `tokenName` says which token was sent. */
export function hopelessReason(answer: Answer, tokenName: string): string | null {
  const { status } = answer;
  if (status === 401 || status === 403)
    return `the API refused ${tokenName}: ${status} ${codeOf(parse(answer.body)) ?? ''}`.trimEnd();
  if (status >= 300 && status < 400)
    return `the API redirects requests (${status}); use the address that it redirects to`;
  if (status === 404 || status === 405)
    return `the server has no API of orderstream at this address: it answered ${status}`;
  return null;
}

type Body = Record<string, unknown>;
interface Item extends Body {
  readonly status: number;
}

function readItem(item: Item): OrderResult {
  if (isAccepted(item)) return accepted(item);
  const status = Number(item.status);
  return { kind: 'refused', status, code: codeOf((item['problem'] ?? {}) as Body) };
}

function isAccepted(body: Body): boolean {
  return typeof body['id'] === 'string';
}

/** An order that was decided before has no ticket; everybody can read it by its id. */
function accepted(body: Body): OrderResult {
  const id = String(body['id']);
  return {
    kind: 'accepted',
    id,
    statusUrl: String(body['statusUrl'] ?? `/v1/orders/${id}`),
  };
}

function codeOf({ code }: Body): string | null {
  return typeof code === 'string' ? code : null;
}

/** An empty object for a body that is no JSON object. */
function parse(text: string): Body {
  try {
    const body = JSON.parse(text) as unknown;
    return typeof body === 'object' && body !== null ? (body as Body) : {};
  } catch {
    // A proxy may answer with a page for people.
    return {};
  }
}
