import type { Dashboard } from './builder.ts';
import { largest, perSecond, quantile, total } from './queries.ts';

/** For operators: lanes, batches, outbox, rebalances. */
export const pipeline: Dashboard = {
  uid: 'pipeline',
  title: 'orderstream: pipeline',
  rows: {
    Lag: [
      {
        title: 'Age of the oldest command of a lane',
        help: 'Without a published outcome; also of lanes without an owner. LagSecondsHigh fires above 30 s.',
        unit: 's',
        limit: 30,
        queries: { [largest('lane_lag_seconds', ['partition'])]: 'lane {{partition}}' },
      },
      {
        title: 'Age of the first record that a group has not read',
        help: 'GroupSilent fires above five minutes.',
        unit: 's',
        limit: 300,
        queries: { [largest('group_lag_seconds', ['group', 'topic'])]: '{{group}} {{topic}}' },
      },
      {
        title: 'Backlog',
        help: 'Commands without a published outcome.',
        unit: 'short',
        queries: { [largest('observer_backlog')]: 'commands' },
      },
      {
        title: 'Arrivals and outcomes',
        help: 'If more commands arrive than get outcomes, the backlog grows.',
        unit: 'ops',
        queries: {
          [largest('observer_arrival_rate')]: 'arrive',
          [largest('observer_outcome_rate')]: 'get outcomes',
        },
      },
      {
        title: 'Workers',
        help: 'What the load needs, and what the autoscaler is asked for. MaxReplicas fires at the limit.',
        unit: 'short',
        queries: {
          [largest('observer_workers_needed')]: 'needed',
          [largest('observer_workers_wanted')]: 'wanted',
          [largest('observer_workers_max')]: 'limit',
        },
      },
      {
        title: 'Lanes without progress',
        help: 'They have commands and decide nothing. More workers do not help.',
        unit: 'short',
        limit: 1,
        queries: { [largest('observer_lanes_stalled')]: 'stalled' },
      },
    ],
    Lanes: [
      {
        title: 'Lanes by state',
        help: 'All workers together should have 12 lanes.',
        unit: 'short',
        queries: { [total('worker_lanes', ['state'])]: '{{state}}' },
      },
      {
        title: 'Lanes that wait',
        help: 'By place. A stopped lane needs an operator.',
        unit: 'short',
        limit: 1,
        queries: { [total('worker_lanes_waiting', ['place'])]: '{{place}}' },
      },
      {
        title: 'Longest wait of a lane',
        help: 'LaneStalled fires above one minute.',
        unit: 's',
        limit: 60,
        queries: { [largest('worker_lane_wait_seconds', ['instance'])]: '{{instance}}' },
      },
      {
        title: 'Commands in memory',
        help: 'Fetched and not decided yet.',
        unit: 'short',
        queries: { [total('worker_lane_records', ['instance'])]: '{{instance}}' },
      },
      {
        title: 'Stored batches without acknowledgement',
        help: 'If it stays above 0 and nothing is published, OutboxStuck fires.',
        unit: 'short',
        queries: { [total('worker_unpublished_batches', ['instance'])]: '{{instance}}' },
      },
      {
        title: 'Rebalances',
        help: 'Joins of members. A member joins when it starts and when others come or go.',
        unit: 'ops',
        queries: { [perSecond('kafka_consumer_joins_total', ['group'])]: '{{group}}' },
      },
    ],
    Batches: [
      {
        title: 'Outcomes',
        help: 'Decided commands by outcome.',
        unit: 'ops',
        queries: { [perSecond('worker_outcomes_total', ['outcome'])]: '{{outcome}}' },
      },
      {
        title: 'Time of a batch',
        help: 'From taking it to its COMMIT.',
        unit: 's',
        queries: {
          [quantile(0.5, 'worker_batch_seconds')]: 'median',
          [quantile(0.99, 'worker_batch_seconds')]: 'p99',
        },
      },
      {
        title: 'Commands in a batch',
        help: 'Batches grow with the load.',
        unit: 'short',
        queries: {
          [quantile(0.5, 'worker_batch_records')]: 'median',
          [quantile(0.99, 'worker_batch_records')]: 'p99',
        },
      },
      {
        title: 'Failed attempts of batches',
        help: 'By the remedy that followed. A few are normal.',
        unit: 'ops',
        queries: { [perSecond('worker_batch_retries_total', ['cause'])]: '{{cause}}' },
      },
      {
        title: 'Fences lost',
        help: 'A batch met another owner of its lane and rolled back. It happens during rebalances.',
        unit: 'ops',
        queries: { [perSecond('worker_fences_lost_total')]: 'lost' },
      },
      {
        title: 'From command to outcome, by command',
        help: 'p99. The objective is 5 s.',
        unit: 's',
        limit: 5,
        queries: { [quantile(0.99, 'order_outcome_seconds', ['command'])]: '{{command}}' },
      },
    ],
    'Readers of outcomes': [
      {
        title: 'Events of notification',
        help: 'Stored deliveries, repeats and gaps.',
        unit: 'ops',
        queries: { [perSecond('notification_events_total', ['result'])]: '{{result}}' },
      },
      {
        title: 'Events of the projector',
        help: 'A hole means that earlier outcomes never arrived.',
        unit: 'ops',
        queries: { [perSecond('projector_events_total', ['result'])]: '{{result}}' },
      },
      {
        title: 'Commands without an outcome',
        help: 'As reconciliation sees them.',
        unit: 'short',
        queries: { [largest('reconciliation_unanswered')]: 'unanswered' },
      },
    ],
  },
};
