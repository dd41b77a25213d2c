/**
 * `npm run load -- SCENARIO [--rate N] [--seconds S] [--history FILE]`: a load generator for any installation. It places
 * orders on the clock and follows each accepted order to its outcome.
 */
import { readCatalogue } from '../../cli/catalogue/read-catalogue.ts';
import { CliError, describeFailure, usageError } from '../../cli/errors.ts';
import { createOrderApi, type OrderApi } from '../../cli/orders/order-api.ts';
import { endWhenOutputIsLost, interruptible, print } from '../../cli/output.ts';
import { apiUrl } from '../../cli/servers.ts';
import { readTextFile } from '../../cli/tables/read-file.ts';
import { withoutPassword } from '../../services/shared/config/index.ts';
import type { Target } from '../client/job.ts';
import { type LoadOptions, loadCommand } from './arguments.ts';
import { type Customer, type Customers, customersOf, localCustomers, readTokenFile } from './customers.ts';
import { noHistory, openHistory } from './history.ts';
import { chooseProducts } from './plan/products.ts';
import { requestsDue } from './plan/rate.ts';
import type { Site } from './plan/requests.ts';
import { scenarios } from './plan/scenarios.ts';
import { isGood, reportText } from './report.ts';
import { type Plan, rateOf, runLoad } from './run.ts';

/** Half of the orders that the API takes from one caller by default. */
const ordersPerCustomer = 250;
const customersMin = 8;

endWhenOutputIsLost();
try {
  await loadCommand(load).parseAsync();
} catch (error) {
  const { text, exitCode } = describeFailure(error, false);
  process.stderr.write(text);
  process.exitCode = exitCode;
}

async function load(name: string, options: LoadOptions): Promise<void> {
  const scenario = scenarios[name]!;
  const plan: Plan = {
    name,
    scenario,
    ordersPerSecond: options.rate ?? scenario.ratePeak,
    seconds: options.seconds ?? scenario.seconds,
    seed: options.seed,
  };
  const orders = requestsDue(rateOf(plan)) * scenario.ordersEach;
  const catalogue = readCatalogue(await readTextFile(options.catalogue));
  const products = chooseProducts(catalogue, scenario.choice, orders);
  const url = baseUrlOf(options.url ?? apiUrl(options.name, process.env));
  const customers = await openCustomers(plan, options);
  try {
    const api = createOrderApi({ baseUrl: url.href.replace(/\/$/, ''), tokenFor: tokensOf(customers.all) });
    await mustRead(
      api,
      url,
      options.token.length > 0 || options.tokenFile ? customers.all : [customers.all[0]!],
    );
    const history = options.history === undefined ? noHistory : await openHistory(options.history);
    const run = await runLoad(plan, {
      ...addressOf(url),
      api,
      customers: customers.all,
      products,
      history,
      terminal: process.stderr,
      interruptible,
    });
    const lostHistory = await history.close();
    const report = { ...run, endedBecause: run.endedBecause ?? lostHistory };
    print(reportText(report));
    if (!isGood(report)) process.exitCode = 1;
  } finally {
    customers.close();
  }
}

function baseUrlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw usageError(`${withoutPassword(text)} is not a URL with http or https`);
  if (url.username !== '' || url.search !== '' || url.hash !== '')
    throw usageError('the URL has a user, a query or a fragment, which a base URL cannot have');
  return url;
}

function addressOf(url: URL): { target: Target; site: Site } {
  const tls = url.protocol === 'https:';
  const port = Number(url.port === '' ? (tls ? 443 : 80) : url.port);
  // An IPv6 address has brackets in a URL only.
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return { target: { host, port, tls }, site: { host: url.host, prefix: url.pathname.replace(/\/$/, '') } };
}

async function openCustomers({ ordersPerSecond }: Plan, options: LoadOptions): Promise<Customers> {
  const fromFile = options.tokenFile === undefined ? [] : await readTokenFile(options.tokenFile);
  const given = [...options.token, ...fromFile];
  const fromEnv = process.env['ORDERSTREAM_TOKEN'];
  if (given.length === 0 && fromEnv) given.push(fromEnv);
  if (given.length === 0) {
    const wanted = Math.max(customersMin, Math.ceil(ordersPerSecond / ordersPerCustomer));
    return localCustomers(options.name, options.customers ?? wanted);
  }
  if (options.customers !== undefined)
    throw usageError('--customers is for the local issuer; with tokens there is one customer per token');
  return customersOf(given);
}

function tokensOf(customers: readonly Customer[]): (name: string) => string {
  const byName = new Map(customers.map((customer) => [customer.name, customer]));
  return (name) => byName.get(name)!.token;
}

/** Reads the orders of each customer. So a wrong address or token ends the run before its first order. */
async function mustRead(api: OrderApi, url: URL, customers: readonly Customer[]): Promise<void> {
  for (const { name, tokenName } of customers) {
    const answer = await api.list(name, null);
    if (answer.kind === 'page') continue;
    if (answer.kind !== 'refused') throw new CliError(silence(url, answer.why));
    if (answer.status === 401 || answer.status === 403)
      throw new CliError(`the API refused ${tokenName}: ${answer.status} ${answer.code}`);
    throw new CliError(`the server at ${url.href} is no API of orderstream: it answered ${answer.status}`);
  }
}

/** `why`: the code of an error of the network or of a problem. */
function silence(url: URL, why: string): string {
  if (why === 'ECONNREFUSED')
    return `nothing listens at ${url.href}; is the API running? \`npm start\` starts a local one`;
  if (why === 'UND_ERR_SOCKET' || why === 'ECONNRESET')
    return `the server at ${url.href} closes connections without an answer (${why})`;
  return `the API at ${url.href} cannot be read: ${why}`;
}
