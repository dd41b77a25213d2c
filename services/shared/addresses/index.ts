export { addressRanges } from './address-ranges.ts';
