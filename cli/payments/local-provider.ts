/** Payments at the provider of a local run. The command line acts in place of a customer or a bank. */
import type { OrderstreamClient } from '../client/index.ts';
import { CliError } from '../errors.ts';
import { localServers, readInstance } from '../local-instance.ts';

export interface PagePayment {
  readonly result: 'paid' | 'declined' | 'failed';
  /** Minor units; absent for the amount of the order. */
  readonly amount?: number;
  /** Number of captures that the provider makes of this one payment. */
  readonly times?: number;
}

const timeoutMs = 10_000;

/** The URL of the page on which the order is paid. @throws CliError if the order cannot be paid. */
export async function openSession(client: OrderstreamClient, orderId: string): Promise<string> {
  const params = { path: { id: orderId } };
  const { data, error } = await client.POST('/v1/orders/{id}/payment-sessions', { params });
  if (data !== undefined) return data.url;
  const { code, detail } = error as { code?: string; detail?: string };
  throw new CliError(`the order cannot be paid: ${code ?? 'unknown'}: ${detail ?? ''}`);
}

/** Pays on the page of a session. Returns the ids of the payments. */
export async function payOnPage(url: string, payment: PagePayment): Promise<string[]> {
  const { payments } = (await post(url, payment, {})) as { payments: string[] };
  return payments;
}

/** Money that comes without a session, such as a bank transfer. Returns the id of the payment. */
export async function transfer(
  name: string,
  reference: string,
  amount: number,
  currency: string,
): Promise<string> {
  const instance = readInstance(name);
  if (instance === null) throw new CliError(`there is no local instance "${name}"`);
  const { instanceDir, localPaymentSettings } = localServers();
  const { key } = localPaymentSettings(instanceDir(name));
  const url = `http://127.0.0.1:${instance.ports.paymentProvider}/v1/transfers`;
  const headers = { authorization: `Bearer ${key}` };
  const { payment } = (await post(url, { reference, amount, currency }, headers)) as { payment: string };
  return payment;
}

async function post(url: string, body: object, headers: Record<string, string>): Promise<unknown> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(timeoutMs),
  });
  const value: unknown = await answer.json().catch(() => null);
  if (answer.ok && value !== null) return value;
  const { code = `HTTP ${answer.status}`, message = '' } = (value ?? {}) as {
    code?: string;
    message?: string;
  };
  throw new CliError(`the payment provider refused: ${code} ${message}`.trim());
}
