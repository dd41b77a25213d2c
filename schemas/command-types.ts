/**
 * The `type` of a command names the branch of its payload union. The field repeats the branch index, so that
 * a consumer can filter without the union. The codec refuses a message in which the two disagree.
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
} as const;
