/** The maximum size of an order. */
export const orderLinesMax = 100;
export const lineQuantityMax = 10_000;
/** Units of one adjustment of stock. */
export const stockDeltaMax = 1_000_000_000;
/** Shipments of one order; also its returns, and its refunds on request. */
export const orderRecordsMax = 100;
