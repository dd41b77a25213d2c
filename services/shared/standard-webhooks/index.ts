export { newWebhookSecret, signWebhook } from './sign.ts';
export { verifyWebhook } from './verify.ts';

/** The type of an event that only tests an endpoint. Its body is about no order. */
export const testEventType = 'endpoint.test';
