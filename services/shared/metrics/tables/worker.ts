import { type MetricSpec, open, secondsBuckets } from '../spec.ts';

/** Metrics of worker alone. */
export const workerMetrics = {
  worker_lanes: { type: 'gauge', help: 'Lanes of this process by state.', labels: { state: open } },
  worker_lanes_waiting: {
    type: 'gauge',
    help: 'Lanes of this process that make no progress, by place: claim, decide, publish, or stopped until an operator decides.',
    labels: { place: ['claim', 'decide', 'publish', 'stopped'] },
  },
  worker_lane_wait_seconds: {
    type: 'gauge',
    help: 'How long the longest-waiting lane has been waiting; 0 if no lane waits.',
    labels: {},
  },
  worker_lane_records: { type: 'gauge', help: 'Commands fetched and not decided yet.', labels: {} },
  worker_unpublished_batches: {
    type: 'gauge',
    help: 'Committed batches whose outcomes are not acknowledged yet.',
    labels: {},
  },
  worker_claims_total: {
    type: 'counter',
    help: 'Lanes claimed; an unclean lane had an owner that crashed.',
    labels: { unclean: ['true', 'false'] },
  },
  worker_lanes_refused_total: {
    type: 'counter',
    help: 'Lanes stopped because position and log disagree; an operator must check them.',
    labels: {
      why: [
        'commandsMadeAnew',
        'positionMoved',
        'eventsMadeAnew',
        'aheadOfLog',
        'behindLog',
        'otherRecord',
        'behindGroup',
        'behindEvents',
        'outcomesCut',
        'wentBack',
      ],
    },
  },
  worker_fences_lost_total: {
    type: 'counter',
    help: 'Batches rejected by the fence: the lane had another owner or another position.',
    labels: {},
  },
  worker_halted: {
    type: 'gauge',
    help: '1 while all lanes are stopped because the database lost commits; see `orderstream recover status`.',
    labels: {},
  },
  worker_publishes_withheld_total: {
    type: 'counter',
    help: 'Batches not published after a pause, because their commit was lost or the lane had a new owner.',
    labels: {},
  },
  worker_batch_seconds: {
    type: 'histogram',
    help: 'Time from taking a batch to its COMMIT.',
    labels: {},
    buckets: secondsBuckets,
  },
  worker_batch_records: {
    type: 'histogram',
    help: 'Commands in a committed batch.',
    labels: {},
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000],
  },
  worker_batch_retries_total: {
    type: 'counter',
    help: 'Failed attempts of a batch, by the remedy that followed.',
    labels: {
      cause: [
        'contend',
        'reconnect',
        'wait',
        'reclaim',
        'readIds',
        'bisect',
        'suspect',
        'hold',
        'shortOfStock',
        'shortOfCoupons',
        'unpaidLimit',
      ],
    },
  },
  worker_outcomes_total: {
    type: 'counter',
    help: 'Commands decided, by outcome.',
    labels: {
      outcome: ['ACCEPTED', 'REJECTED', 'APPLIED', 'DUPLICATE', 'REFUSED', 'KEY_CONFLICT', 'DEAD_LETTERED'],
    },
  },
  order_outcome_seconds: {
    type: 'histogram',
    help: 'Time from the timestamp of a command to the acknowledgement of its outcome. Outcomes that a later owner of the lane publishes are not in it.',
    labels: { command: open, outcome: open },
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
  },
  decisions_refused_total: {
    type: 'counter',
    help: 'Orders rejected and changes refused, by reason code.',
    labels: { reason: open },
  },
  worker_messages_published_total: {
    type: 'counter',
    help: 'Events and dead letters acknowledged by Kafka.',
    labels: {},
  },
  worker_statuses_unwritten: {
    type: 'gauge',
    help: 'Orders whose change Redis does not have yet. It may show the previous state for up to a minute.',
    labels: {},
  },
  worker_offset_commits_total: {
    type: 'counter',
    help: 'Commits of the group offset: committed, notOwner, or failed.',
    labels: { result: ['committed', 'notOwner', 'failed'] },
  },
} as const satisfies Record<string, MetricSpec>;
