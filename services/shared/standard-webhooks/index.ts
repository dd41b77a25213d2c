export { newWebhookSecret, signWebhook } from './sign.ts';
export { verifyWebhook } from './verify.ts';
