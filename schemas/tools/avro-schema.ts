/** The subset of the Avro schema language that the schemas of the product use. The generators refuse anything else. */
export type AvroSchema = string | AvroSchema[] | AvroNamed | AvroArray | AvroLogical;

export interface AvroRecord {
  type: 'record';
  name: string;
  namespace?: string;
  doc?: string;
  fields: AvroField[];
}

export interface AvroField {
  name: string;
  type: AvroSchema;
  doc?: string;
  default?: unknown;
}

interface AvroEnum {
  type: 'enum';
  name: string;
  doc?: string;
  symbols: string[];
  default?: string;
}

interface AvroFixed {
  type: 'fixed';
  name: string;
  doc?: string;
  size: number;
}

interface AvroArray {
  type: 'array';
  items: AvroSchema;
}

interface AvroLogical {
  type: 'long' | 'int' | 'string' | 'bytes';
  logicalType: string;
}

export type AvroNamed = AvroRecord | AvroEnum | AvroFixed;

export function isNamed(schema: AvroSchema): schema is AvroNamed {
  return typeof schema === 'object' && !Array.isArray(schema) && 'name' in schema;
}

export function isRecord(schema: AvroSchema): schema is AvroRecord {
  return isNamed(schema) && schema.type === 'record';
}
