/**
 * Creates the orders of every store bench. Partition, offset, seed and shape fully determine an order. So all designs
 * process the same orders, and the checks can compute the expected result.
 *
 * The contents come from a fixed set of templates. Only the ids are created per order. So the measurement does not
 * include the cost of creating contents, and memory stays constant.
 */
import { type PlaceCommand, placeDefaults } from '../../schemas/index.ts';
import { PARTITIONS } from '../../topics/partition.ts';
import { createRandom, mix32, type Random } from './random.ts';
import { couponCount, couponName, destinations, hotCoupon, type Pricing } from './rules.ts';

/**
 * `uniform` spreads orders over 10,000 SKUs. `hot` has one SKU in every order. With `soldOut`, this SKU sells out
 * after `saleUnits`.
 */
export type Shape = 'uniform' | 'hot' | 'soldOut';

export interface StreamOptions {
  readonly seed: number;
  readonly shape: Shape;
  /** The lines of an order are the same for each value. */
  readonly pricing?: Pricing;
  /** Whether to keep every template (about 50 MB). Otherwise each use recreates its template. */
  readonly keepTemplates?: boolean;
}

export interface OrderStream {
  /** The contents of a template with the placeholder id. `index` is in 0..templateCount-1. */
  template(index: number): PlaceCommand;
  templateOf(partition: number, offset: number): number;
  /** A UUIDv8 that belongs to the partition. */
  orderId(partition: number, offset: number): string;
  /** The whole command. */
  command(partition: number, offset: number): PlaceCommand;
}

export const skuCount = 10_000;
const linesMax = 5;
const skuPrefix = 'SKU-';
/** The quantity of a line is uniform in 1..quantityMax. */
const quantityMax = 3;
/** Index of the SKU that is in every order of the shapes `hot` and `soldOut`. */
export const hotSku = 5_000;
export const currency = 'EUR';
export const templateCount = 20_000;
export const placeholderId = '00000000-0000-8000-8000-000000000000';

const customerCount = 100_000;
export const issuedAtMs = 1_790_000_000_000;

/** The SKU of an index: `SKU-000042` for 42. */
export function skuName(index: number): string {
  return `${skuPrefix}${String(index).padStart(6, '0')}`;
}

/** The price of a SKU in minor units. */
export function unitPriceOf(index: number): number {
  return 100 + ((index * 7_919) % 9_900);
}

/** The price of the SKU with this name, in minor units. */
export function unitPriceOfSku(sku: string): number {
  return unitPriceOf(Number(sku.slice(skuPrefix.length)));
}

export function createOrderStream(options: StreamOptions): OrderStream {
  const { seed, shape, pricing = 'bare', keepTemplates = false } = options;
  const make = (index: number): PlaceCommand =>
    createTemplate(createRandom(mix32(seed) ^ index), shape, pricing);
  const kept = keepTemplates ? Array.from({ length: templateCount }, (_, index) => make(index)) : null;
  const template = kept === null ? make : (index: number): PlaceCommand => kept[index]!;
  const templateOf = (partition: number, offset: number): number =>
    mix32(mix32(offset * PARTITIONS + partition) ^ seed) % templateCount;
  const orderId = (partition: number, offset: number): string => uuidFor(seed, partition, offset);

  return {
    template,
    templateOf,
    orderId,
    command(partition, offset) {
      const id = orderId(partition, offset);
      return {
        ...template(templateOf(partition, offset)),
        orderId: id,
        commandId: `place:${id}`,
        idempotencyKey: `checkout-${id}`,
      };
    },
  };
}

function createTemplate(random: Random, shape: Shape, pricing: Pricing): PlaceCommand {
  const template = bareTemplate(random, shape);
  const { payload } = template;
  if (pricing === 'hotCoupon') return { ...template, payload: { ...payload, couponCode: hotCoupon } };
  if (pricing === 'bare') return template;
  const shippingAddress = {
    ...payload.shippingAddress!,
    ...destinations[random() % destinations.length]!,
  };
  const couponCode = couponName(random() % couponCount);
  return { ...template, payload: { ...payload, couponCode, shippingAddress } };
}

function bareTemplate(random: Random, shape: Shape): PlaceCommand {
  const customer = random() % customerCount;
  return {
    commandId: `place:${placeholderId}`,
    type: 'PLACE',
    orderId: placeholderId,
    customerId: `customer-${customer}`,
    actor: 'customer',
    idempotencyKey: `checkout-${placeholderId}`,
    fingerprint: Buffer.from(Array.from({ length: 32 }, () => random() & 255)),
    issuedAt: issuedAtMs,
    traceparent: null,
    sealed: null,
    payload: {
      currency,
      lines: createLines(random, shape),
      couponCode: null,
      shippingAddress: {
        name: 'Jane Q. Customer',
        line1: `${customer % 997} Long Street`,
        line2: null,
        city: 'Springfield',
        region: null,
        postalCode: String(10_000 + (customer % 89_999)),
        country: 'DE',
      },
      contactEmail: `customer${customer}@example.com`,
      metadata: random() % 4 === 0 ? [{ key: 'channel', value: 'web' }] : [],
      ...placeDefaults,
    },
  };
}

/** Creates one to five lines with different SKUs. */
function createLines(random: Random, shape: Shape): PlaceCommand['payload']['lines'] {
  const count = 1 + (random() % linesMax);
  const skus = new Set<number>();
  if (shape !== 'uniform') skus.add(hotSku);
  while (skus.size < count) skus.add(random() % skuCount);
  return [...skus].map((index) => ({
    sku: skuName(index),
    quantity: index === hotSku && shape !== 'uniform' ? 1 : 1 + (random() % quantityMax),
    expectedUnitPrice: null,
  }));
}

/**
 * A UUID with version nibble 8 and variant 10. The partition rule (first four bytes modulo 12) maps it to the
 * partition.
 */
function uuidFor(seed: number, partition: number, offset: number): string {
  const counter = offset * PARTITIONS + partition;
  const a = mix32(counter ^ seed);
  const b = mix32(counter ^ mix32(seed + 1));
  const c = mix32(counter ^ mix32(seed + 2));
  const d = mix32(counter ^ mix32(seed + 3));
  const head = Math.min(a - (a % PARTITIONS), 0xffff_fff0 - (0xffff_fff0 % PARTITIONS)) + partition;
  const group3 = 0x8000 | (b & 0x0fff);
  const group4 = 0x8000 | ((c >>> 16) & 0x3fff);
  return `${hex16(head >>> 16)}${hex16(head)}-${hex16(b >>> 16)}-${hex16(group3)}-${hex16(group4)}-${hex16(c)}${hex16(d >>> 16)}${hex16(d)}`;
}

const hexBytes = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** The lower 16 bits as four hex digits. */
function hex16(value: number): string {
  return hexBytes[(value >>> 8) & 255]! + hexBytes[value & 255]!;
}
