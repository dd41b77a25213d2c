/** Converts a JSON pointer of a fault to the path of a field, as `google.rpc.BadRequest` has it. */

/**
 * The path below `at`: `/items/0/expectedUnitPrice` at `order` is `order.items[0].expected_unit_price`. Keys of
 * `metadata` are quoted.
 */
export function fieldOf(pointer: string, at: string): string {
  let path = at;
  let isKey = false;
  for (const segment of pointer.split('/').slice(1)) {
    const name = segment.replaceAll('~1', '/').replaceAll('~0', '~');
    if (isKey) path += `[${JSON.stringify(name)}]`;
    else if (/^\d+$/.test(name)) path += `[${name}]`;
    else path += `${path === '' ? '' : '.'}${snakeCase(name)}`;
    isKey = name === 'metadata';
  }
  return path;
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
