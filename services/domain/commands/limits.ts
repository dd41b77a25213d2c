/** The maximum size of an order. */
export const orderLinesMax = 100;
export const lineQuantityMax = 10_000;
