/** Every route of the API. */
import type { Operation } from '../operation.ts';
import { cancelOrder, cancelOrderOperation } from './cancel-order.ts';
import { getHistory, getHistoryOperation } from './get-history.ts';
import { getOrder, getOrderOperation } from './get-order.ts';
import { listOrders, listOrdersOperation } from './list-orders.ts';
import { eraseCustomer, eraseCustomerOperation } from './operators/erase-customer.ts';
import { getCommand, getCommandOperation } from './operators/get-command.ts';
import {
  deliverOrder,
  deliverOrderOperation,
  returnOrder,
  returnOrderOperation,
  shipOrder,
  shipOrderOperation,
} from './operators/goods.ts';
import {
  requestRefund,
  requestRefundOperation,
  retryRefund,
  retryRefundOperation,
} from './operators/refunds.ts';
import { receiveCallback, receiveCallbackOperation } from './payments/payment-callbacks.ts';
import { openPaymentSession, openPaymentSessionOperation } from './payments/payment-sessions.ts';
import { placeBatch, placeBatchOperation } from './place-batch.ts';
import { placeOrder, placeOrderOperation } from './place-order.ts';
import { quoteOrder, quoteOrderOperation } from './quote-order.ts';
import { listRecords, listRecordsOperations } from './records/list-records.ts';
import type { Route, RouteDeps } from './route.ts';
import {
  adjustStock,
  adjustStockOperation,
  getStockCommand,
  getStockCommandOperation,
} from './stock/adjust-stock.ts';
import { getStock, getStockOperation } from './stock/get-stock.ts';
import { streamOrder, streamOrderOperation } from './stream-order.ts';
import {
  enableWebhook,
  enableWebhookOperation,
  rotateSecret,
  rotateSecretOperation,
} from './webhooks/webhook-changes.ts';
import {
  listDeliveries,
  listDeliveriesOperation,
  redeliver,
  redeliverOperation,
  redeliverRange,
  redeliverRangeOperation,
} from './webhooks/webhook-deliveries.ts';
import {
  createWebhook,
  createWebhookOperation,
  deleteWebhook,
  deleteWebhookOperation,
  getWebhook,
  getWebhookOperation,
  listWebhooks,
  listWebhooksOperation,
} from './webhooks/webhook-endpoints.ts';
import { testWebhook, testWebhookOperation } from './webhooks/webhook-test.ts';
import { updateWebhook, updateWebhookOperation } from './webhooks/webhook-update.ts';

export type { Route, RouteDeps } from './route.ts';

export function routes(deps: RouteDeps): readonly Route[] {
  return [
    placeOrder(deps),
    placeBatch(deps),
    quoteOrder(deps),
    getOrder(deps),
    listOrders(deps),
    getHistory(deps),
    ...listRecords(deps),
    streamOrder(deps),
    cancelOrder(deps),
    openPaymentSession(deps),
    receiveCallback(deps),
    shipOrder(deps),
    deliverOrder(deps),
    returnOrder(deps),
    requestRefund(deps),
    retryRefund(deps),
    getCommand(deps),
    eraseCustomer(deps),
    getStock(deps),
    adjustStock(deps),
    getStockCommand(deps),
    createWebhook(deps),
    listWebhooks(deps),
    getWebhook(deps),
    updateWebhook(deps),
    deleteWebhook(deps),
    rotateSecret(deps),
    enableWebhook(deps),
    testWebhook(deps),
    listDeliveries(deps),
    redeliverRange(deps),
    redeliver(deps),
  ];
}

/** The operations of the routes as data, for the OpenAPI document. */
export const operations: readonly Operation[] = [
  placeOrderOperation,
  placeBatchOperation,
  quoteOrderOperation,
  getOrderOperation,
  listOrdersOperation,
  getHistoryOperation,
  ...listRecordsOperations,
  streamOrderOperation,
  cancelOrderOperation,
  openPaymentSessionOperation,
  receiveCallbackOperation,
  shipOrderOperation,
  deliverOrderOperation,
  returnOrderOperation,
  requestRefundOperation,
  retryRefundOperation,
  getCommandOperation,
  eraseCustomerOperation,
  getStockOperation,
  adjustStockOperation,
  getStockCommandOperation,
  createWebhookOperation,
  listWebhooksOperation,
  getWebhookOperation,
  updateWebhookOperation,
  deleteWebhookOperation,
  rotateSecretOperation,
  enableWebhookOperation,
  testWebhookOperation,
  listDeliveriesOperation,
  redeliverRangeOperation,
  redeliverOperation,
];
