/**
 * The sample shop: household goods of a few departments. Most products have a large stock, and a few are nearly
 * sold out.
 */
import type { Random } from './random.ts';

export interface Product {
  sku: string;
  name: string;
  unitPriceMinor: number;
  currency: string;
  stock: number;
  weightGrams: number;
  taxCategory: 'food' | 'standard';
  /** A lower price from a number of units on, as a catalogue file has it; empty for none. */
  breaks: string;
}

export interface Catalogue {
  products: Product[];
  /** Products with a large stock, for the valid orders. */
  plentiful: Product[];
  /** Products with a few units. Only orders that request too many units use them. */
  scarce: Product[];
}

interface Department {
  code: string;
  things: string[];
  variants: string[];
  /** Minor units. */
  price: [low: number, high: number];
  weightGrams: number;
}

const DEPARTMENTS: Department[] = [
  {
    code: 'TEA',
    things: [
      'Assam tea',
      'Darjeeling tea',
      'Earl Grey tea',
      'Green tea',
      'Rooibos',
      'Peppermint tea',
      'Chai',
    ],
    variants: ['100 g', '250 g', '500 g', '1 kg', '25 bags'],
    price: [290, 3900],
    weightGrams: 250,
  },
  {
    code: 'COF',
    things: [
      'House blend',
      'Espresso beans',
      'Filter roast',
      'Decaf beans',
      'Single origin Ethiopia',
      'Single origin Peru',
    ],
    variants: ['250 g', '500 g', '1 kg', '500 g ground'],
    price: [590, 3490],
    weightGrams: 500,
  },
  {
    code: 'SPC',
    things: ['Black pepper', 'Sea salt', 'Paprika', 'Cumin', 'Turmeric', 'Cinnamon', 'Nutmeg', 'Bay leaves'],
    variants: ['50 g', '100 g', '250 g refill'],
    price: [190, 1490],
    weightGrams: 100,
  },
  {
    code: 'KIT',
    things: [
      'Chopping board',
      'Mixing bowl',
      'Saucepan',
      'Frying pan',
      'Colander',
      'Baking tin',
      'Storage jar',
      'Water jug',
    ],
    variants: ['small', 'medium', 'large', 'set of 3'],
    price: [890, 8990],
    weightGrams: 1500,
  },
  {
    code: 'TAB',
    things: ['Dinner plate', 'Soup bowl', 'Mug', 'Espresso cup', 'Tumbler', 'Wine glass'],
    variants: ['white', 'blue', 'speckled grey', 'set of 6'],
    price: [490, 4990],
    weightGrams: 600,
  },
  {
    code: 'STA',
    things: ['Notebook', 'Fountain pen', 'Pencil', 'Desk pad', 'Envelope', 'Sketchbook'],
    variants: ['A5', 'A4', 'pack of 10', 'pack of 50'],
    price: [150, 3900],
    weightGrams: 300,
  },
  {
    code: 'GAR',
    things: ['Seed mix', 'Hand trowel', 'Watering can', 'Plant pot', 'Twine', 'Bird feeder'],
    variants: ['small', 'large', 'terracotta', 'galvanised'],
    price: [250, 4490],
    weightGrams: 800,
  },
  {
    code: 'LIN',
    things: ['Tea towel', 'Hand towel', 'Bath towel', 'Tablecloth', 'Napkin'],
    variants: ['natural', 'indigo', 'sage', 'pack of 4'],
    price: [590, 6490],
    weightGrams: 400,
  },
];

/** Departments whose products have the tax rate of food. */
const FOOD = new Set(['TEA', 'COF', 'SPC']);
const FOREIGN_GRAMS = 500;
const SCARCE_GRAMS = 2000;
/** No sample order of orders.ndjson has so many units of a product, so its prices do not depend on breaks. */
const BREAK_UNITS = 50;

const FOREIGN: { currency: string; code: string; things: string[]; price: [number, number] }[] = [
  {
    currency: 'USD',
    code: 'US',
    things: ['Maple syrup', 'Cast iron skillet', 'Mason jars', 'Pecan nuts'],
    price: [790, 6990],
  },
  {
    currency: 'GBP',
    code: 'UK',
    things: ['Shortbread', 'Marmalade', 'Tea caddy', 'Tweed cushion'],
    price: [350, 5990],
  },
  {
    currency: 'JPY',
    code: 'JP',
    things: ['Sencha', 'Matcha whisk', 'Rice bowl', 'Furoshiki cloth'],
    price: [600, 9800],
  },
];

const SCARCE_THINGS = [
  'Teapot',
  'Serving platter',
  'Cake stand',
  'Butter dish',
  'Carafe',
  'Salad bowl',
  'Fruit bowl',
  'Ladle',
];

/** Every product of the sample shop, by SKU. */
export function makeCatalogue(random: Random): Catalogue {
  const plentiful = [
    ...DEPARTMENTS.flatMap((department) => departmentProducts(department, random)),
    ...foreignProducts(random),
  ];
  const scarce = SCARCE_THINGS.map((thing, index) => ({
    sku: `ONE-${String(index + 1).padStart(3, '0')}`,
    name: `${thing}, hand-thrown, last pieces`,
    unitPriceMinor: roundPrice(random.int(2900, 14_900)),
    currency: 'EUR',
    stock: random.int(1, 9),
    ...goods(SCARCE_GRAMS),
  }));
  const products = [...plentiful, ...scarce].toSorted((a, b) => (a.sku < b.sku ? -1 : 1));
  return { products, plentiful, scarce };
}

/** The catalogue in the form that `orderstream catalogue import` reads. */
export function catalogueCsv({ products }: Catalogue): string {
  const rows = products.map((product) => {
    const { sku, name, unitPriceMinor, currency, stock, weightGrams, taxCategory, breaks } = product;
    const shown = name.includes(',') ? `"${name}"` : name;
    return [sku, shown, unitPriceMinor, currency, stock, weightGrams, taxCategory, breaks].join(',');
  });
  const header = 'sku,name,unit_price_minor,currency,stock,weight_grams,tax_category,breaks';
  return `${[header, ...rows].join('\n')}\n`;
}

function departmentProducts(department: Department, random: Random): Product[] {
  const { code, things, variants, price, weightGrams } = department;
  const isFood = FOOD.has(code);
  return things.flatMap((thing, thingIndex) =>
    variants.map((variant, variantIndex) => {
      const unitPriceMinor = roundPrice(random.int(...price));
      return {
        sku: `${code}-${String((thingIndex + 1) * 100 + variantIndex + 1)}`,
        name: `${thing}, ${variant}`,
        unitPriceMinor,
        currency: 'EUR',
        stock: random.int(20, 200) * 1000,
        ...goods(weightGrams, isFood ? 'food' : 'standard'),
        breaks: isFood ? `${BREAK_UNITS}:${roundPrice(unitPriceMinor * 0.9)}` : '',
      };
    }),
  );
}

function goods(
  weightGrams: number,
  taxCategory: Product['taxCategory'] = 'standard',
): Pick<Product, 'weightGrams' | 'taxCategory' | 'breaks'> {
  return { weightGrams, taxCategory, breaks: '' };
}

function foreignProducts(random: Random): Product[] {
  return FOREIGN.flatMap(({ currency, code, things, price }) =>
    things.map((thing, index) => ({
      sku: `${code}-${101 + index}`,
      name: `${thing}, imported`,
      unitPriceMinor: roundPrice(random.int(...price)),
      currency,
      stock: random.int(20, 200) * 1000,
      ...goods(FOREIGN_GRAMS),
    })),
  );
}

/** Prices end in 0 or 5, as in a shop. */
function roundPrice(minor: number): number {
  return Math.max(Math.round(minor / 5) * 5, 5);
}
