import type { Dashboard } from './builder.ts';
import { largest, perSecond, quantile, total } from './queries.ts';

/** For the owners of webhooks and mails. */
export const subscribers: Dashboard = {
  uid: 'subscribers',
  title: 'orderstream: webhooks and mails',
  rows: {
    Deliveries: [
      {
        title: 'Attempts',
        help: 'By result.',
        unit: 'ops',
        queries: {
          [perSecond('notification_attempts_total', ['channel', 'result'])]: '{{channel}} {{result}}',
        },
      },
      {
        title: 'Delay of first attempts',
        help: 'p95 from storing a delivery to its acceptance.',
        unit: 's',
        queries: { [quantile(0.95, 'notification_delay_seconds', ['channel'])]: '{{channel}}' },
      },
      {
        title: 'Response time of receivers',
        help: 'p95.',
        unit: 's',
        queries: { [quantile(0.95, 'notification_attempt_seconds', ['channel'])]: '{{channel}}' },
      },
      {
        title: 'Oldest due delivery',
        help: 'DeliveriesLate fires above 2 minutes.',
        unit: 's',
        limit: 120,
        queries: { [largest('notification_oldest_due_seconds')]: 'age' },
      },
      {
        title: 'Receivers with due deliveries',
        help: 'It should come back to 0 after each burst.',
        unit: 'short',
        queries: { [largest('notification_receivers_due')]: 'receivers' },
      },
      {
        title: 'Paused hosts',
        help: 'Their last posts failed.',
        unit: 'short',
        limit: 1,
        queries: { [total('notification_breakers_open')]: 'hosts' },
      },
    ],
    Intake: [
      {
        title: 'Parts without progress',
        help: 'How long a part of notification has waited. NotificationStalled fires above one minute.',
        unit: 's',
        limit: 60,
        queries: { [largest('notification_waiting_seconds', ['part'])]: '{{part}}' },
      },
      {
        title: 'Stored deliveries',
        help: 'Rows by channel.',
        unit: 'ops',
        queries: { [perSecond('notification_rows_total', ['channel'])]: '{{channel}}' },
      },
      {
        title: 'Endpoints switched off',
        help: 'A receiver said 410 (gone), or all attempts failed (exhausted).',
        unit: 'ops',
        queries: { [perSecond('notification_endpoints_disabled_total', ['reason'])]: '{{reason}}' },
      },
    ],
  },
};
