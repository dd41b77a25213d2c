/**
 * `node loadtest/store/growth.ts` measures what orders take on the disk. It fills an empty database of MariaDB with whole lives
 * of orders, in the order in which workers write them. Then it prints the size of each table with its indexes for one order.
 */
import { migrate } from '../../services/orders-db/index.ts';
import { createLogger } from '../../services/shared/log/index.ts';
import type { Connection } from '../reference/connect.ts';
import { databaseUrl, dropDatabase, withConnection } from './database.ts';
import { openServer } from './server.ts';

const orders = 120_000;
const partitions = 12;
/** Orders of one partition that follow each other in a statement. */
const batchOrders = 500;

/** The source of each row: `n` counts the orders of one partition. */
const key = '(@p << 48) + n';
const id = "UNHEX(MD5(CONCAT('order ', @p, ' ', n)))";
const text = (word: string) =>
  `LEFT(CONCAT(MD5(CONCAT('${word} ', @p, ' ', n)), MD5(CONCAT('${word} 2 ', @p, ' ', n))), 36)`;
const atMs = '1796000000000 + n * 40';
const address = `CONCAT('{"name":"',${text('name')},'","line1":"',${text('line')},'","line2":null,"city":"Cork","region":null,"postalCode":"T12 X2Y3","country":"IE"}')`;
const contact = `CONCAT('{"email":"',${text('mail')},'@example.org"}')`;
const uuid = (word: string) => `UNHEX(MD5(CONCAT('${word} ', @p, ' ', n)))`;
const source = '@p, n';

/** What a paid, shipped, delivered and closed order writes. `each` is the number of rows for one order; below 1, a part of them. */
const tables: readonly { name: string; each: number; columns: string; values: string; per?: string }[] = [
  {
    name: 'orders',
    each: 1,
    columns:
      'order_key,order_id,customer_id,status,version,currency,subtotal,discount,shipping,tax,total,price_version,idempotency_key,' +
      'fingerprint,shipping_address,contact,created_at_ms,updated_at_ms,received',
    values: `${key},${id},${text('customer')},'CLOSED',5,'EUR',5000,0,490,950,6440,12,${text('key')},UNHEX(SHA2(n,256)),${address},${contact},${atMs},${atMs},6440`,
  },
  {
    name: 'order_items',
    each: 2,
    columns: 'order_key,line_no,sku,quantity,unit_price,line_total,shipped',
    values: `${key},k,CONCAT('SKU-', n % 1000),2,1250,2500,2`,
  },
  {
    name: 'order_history',
    each: 4,
    columns: 'order_id,version,status,command_type,actor,source_partition,source_offset,at_ms',
    values: `${id},k + 1,ELT(k,'PAID','SHIPPED','DELIVERED','CLOSED'),ELT(k,'CONFIRM_PAYMENT','SHIP','DELIVER','CLOSE'),'operator:warehouse',${source},${atMs}`,
  },
  {
    name: 'order_commands',
    each: 4,
    columns:
      'order_id,command_id,command_type,outcome,version,status,source_partition,source_offset,at_ms,fingerprint',
    values: `${id},CONCAT('command:', k, ':', ${text('command')}),ELT(k,'CONFIRM_PAYMENT','SHIP','DELIVER','CLOSE'),'APPLIED',k + 1,ELT(k,'PAID','SHIPPED','DELIVERED','CLOSED'),${source},${atMs},UNHEX(SHA2(n,256))`,
  },
  {
    name: 'payments',
    each: 1,
    columns:
      'order_key,payment_no,payment_id,order_id,provider,provider_payment_id,provider_event_id,amount,currency,disposition,received_at_ms,source_partition,source_offset,booked_at_ms',
    values: `${key},1,${uuid('payment')},${id},'provider',${text('pay')},${text('event')},6440,'EUR','SETTLES',${atMs},${source},${atMs}`,
  },
  {
    name: 'shipments',
    each: 1,
    columns:
      'order_key,shipment_no,line_units,carrier,tracking_number,shipped_at_ms,delivered_at_ms,source_partition,source_offset',
    values: `${key},1,'[{"line":1,"quantity":2},{"line":2,"quantity":2}]','Post',${text('parcel')},${atMs},${atMs},${source}`,
  },
  {
    name: 'refunds',
    each: 0.1,
    columns:
      'order_key,refund_no,refund_id,order_id,payment_id,provider,provider_payment_id,amount,currency,status,reason,requested_at_ms,settled_at_ms,provider_refund_id',
    values: `${key},1,${uuid('refund')},${id},${uuid('payment')},'provider',${text('pay')},1250,'EUR','SUCCEEDED','RETURNED',${atMs},${atMs},${text('re')}`,
  },
  {
    name: 'returns',
    each: 0.1,
    columns: 'order_key,return_no,line_units,refund_id,returned_at_ms,source_partition,source_offset',
    values: `${key},1,'[{"line":1,"quantity":1,"restock":1}]',${uuid('refund')},${atMs},${source}`,
  },
];

const server = await openServer((line) => console.error(line));
const url = databaseUrl(server.url, 'growth');
try {
  await dropDatabase(url);
  await migrate({ url, log: createLogger({ service: 'bench', level: 'silent', instanceId: 'bench' }) });
  await withConnection(url, async (connection) => {
    await fill(connection);
    await print(connection);
  });
  await dropDatabase(url);
} finally {
  await server.close();
}

/** The batches of the partitions alternate, as those of lanes do. */
async function fill(connection: Connection): Promise<void> {
  for (let from = 0; from < orders / partitions; from += batchOrders) {
    for (let partition = 0; partition < partitions; partition++) {
      await connection.query(`SET @p = ${partition}`);
      const to = Math.min(from + batchOrders, orders / partitions);
      for (const { name, each, columns, values } of tables) {
        const rows = `(SELECT seq AS n FROM seq_${from}_to_${to - 1}${each < 1 ? ` WHERE seq % ${Math.round(1 / each)} = 0` : ''}) s`;
        const copies = each > 1 ? `, (SELECT seq AS k FROM seq_1_to_${each}) c` : '';
        await connection.query(`INSERT INTO ${name} (${columns}) SELECT ${values} FROM ${rows}${copies}`);
      }
    }
  }
}

/** The sizes are those of the pages of all indexes. Each has free pages, so many orders are needed. */
async function print(connection: Connection): Promise<void> {
  const names = tables.map(({ name }) => name);
  await connection.query(`ANALYZE TABLE ${names.join(', ')}`);
  const [rows] = (await connection.query(
    'SELECT TABLE_NAME AS name, DATA_LENGTH + INDEX_LENGTH AS bytes FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()',
  )) as unknown as [{ name: string; bytes: number }[]];
  const sizes = new Map(rows.map(({ name, bytes }) => [name, Number(bytes)]));
  console.log(
    '| table | rows for one order | bytes for one order | a million orders |\n| --- | ---: | ---: | ---: |',
  );
  let sum = 0;
  for (const { name, each } of tables) {
    const bytes = Math.round(sizes.get(name)! / orders);
    sum += bytes;
    console.log(`| \`${name}\` | ${each} | ${bytes} | ${(bytes / 1_000).toFixed(2)} GB |`);
  }
  console.log(`| all | | ${sum} | ${(sum / 1_000).toFixed(2)} GB |`);
}
