export { type CustomerKeyRow, createKeyWrapper, type KeyWrapper } from './key-wrapper.ts';
export { hasPersonalFields } from './personal-fields.ts';
export { type CustomerKey, openCommand, sealCommand } from './sealed-command.ts';
