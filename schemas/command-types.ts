/**
 * Maps the `type` of a command to the branch of its payload union. The type repeats the branch index, so that a
 * consumer can filter without the union. The codec refuses a message whose type and branch differ.
 */
export const commandBranches = {
  PLACE: 'PlaceOrder',
  CANCEL: 'CancelOrder',
  CONFIRM_PAYMENT: 'ConfirmPayment',
  FAIL_PAYMENT: 'FailPayment',
  REQUEST_REFUND: 'RequestRefund',
  RECORD_REFUND: 'RecordRefund',
  EXPIRE: 'ExpireOrder',
  SHIP: 'ShipOrder',
  DELIVER: 'DeliverOrder',
  RETURN: 'ReturnOrder',
  CLOSE: 'CloseOrder',
  ADJUST_STOCK: 'AdjustStock',
  RETRY_REFUND: 'RetryRefund',
  RECORD_DISPUTE: 'RecordDispute',
} as const;
