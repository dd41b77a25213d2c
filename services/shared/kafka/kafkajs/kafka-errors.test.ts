import { describe, expect, it } from 'vitest';
import {
  asRebalance,
  closedBrokerOf,
  isConnectionTrouble,
  mayPassAfterRestart,
  outOfRangeOf,
  saysLeaderMoved,
  saysNoCoordinatorYet,
  saysNotOwner,
} from './kafka-errors.ts';

const kafkaError = (properties: Record<string, unknown>) => Object.assign(new Error('x'), properties);

describe('errors of kafkajs', () => {
  it.each(['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID'])(
    '%s means that the member is not the owner, also as a cause',
    (type) => {
      expect(saysNotOwner(kafkaError({ type }))).toBe(true);
      const wrapped = kafkaError({ name: 'KafkaJSNonRetriableError', cause: kafkaError({ type }) });
      expect(saysNotOwner(wrapped)).toBe(true);
    },
  );

  it('a moved coordinator is not a loss of ownership', () => {
    expect(saysNotOwner(kafkaError({ type: 'NOT_COORDINATOR_FOR_GROUP' }))).toBe(false);
  });

  it.each([
    { type: 'GROUP_COORDINATOR_NOT_AVAILABLE' },
    { type: 'NOT_COORDINATOR_FOR_GROUP' },
    { type: 'GROUP_LOAD_IN_PROGRESS' },
    { name: 'KafkaJSGroupCoordinatorNotFound' },
  ])('%o of a new cluster says that the coordinator does not exist yet', (properties) => {
    expect(saysNoCoordinatorYet(kafkaError({ cause: kafkaError(properties) }))).toBe(true);
    expect(saysNoCoordinatorYet(kafkaError({ type: 'ILLEGAL_GENERATION' }))).toBe(false);
  });

  it('only network errors and errors that kafkajs marks as retriable allow a restart', () => {
    expect(mayPassAfterRestart(kafkaError({ name: 'KafkaJSConnectionError' }))).toBe(true);
    expect(
      mayPassAfterRestart(kafkaError({ name: 'KafkaJSNumberOfRetriesExceeded', retriable: false })),
    ).toBe(true);
    const load = kafkaError({ retriable: true, type: 'GROUP_LOAD_IN_PROGRESS' });
    expect(
      mayPassAfterRestart(kafkaError({ name: 'KafkaJSNonRetriableError', retriable: false, cause: load })),
    ).toBe(true);
    expect(mayPassAfterRestart(kafkaError({ name: 'KafkaJSNotImplemented', retriable: false }))).toBe(false);
    expect(mayPassAfterRestart(kafkaError({ type: 'TOPIC_AUTHORIZATION_FAILED', retriable: false }))).toBe(
      false,
    );
    expect(mayPassAfterRestart(new TypeError('bug'))).toBe(false);
    expect(mayPassAfterRestart('thrown text')).toBe(false);
  });

  it('name the partition and the broker', () => {
    const outside = kafkaError({ name: 'KafkaJSOffsetOutOfRange', topic: 't', partition: 3 });
    expect(outOfRangeOf(outside)).toEqual({ topic: 't', partition: 3 });
    expect(outOfRangeOf(kafkaError({}))).toBeNull();
    expect(closedBrokerOf(kafkaError({ name: 'KafkaJSConnectionClosedError', host: 'h', port: 1 }))).toEqual({
      host: 'h',
      port: 1,
    });
    expect(closedBrokerOf(kafkaError({ name: 'KafkaJSConnectionError' }))).toBeNull();
    expect(saysLeaderMoved(kafkaError({ type: 'NOT_LEADER_FOR_PARTITION' }))).toBe(true);
  });

  it('for a rebalance keep their cause, and a circle of causes ends', () => {
    const cause = kafkaError({ name: 'KafkaJSConnectionError' });
    expect(asRebalance(cause)).toMatchObject({ type: 'REBALANCE_IN_PROGRESS', cause });
    const circle = kafkaError({});
    (circle as { cause?: unknown }).cause = circle;
    expect(isConnectionTrouble(circle)).toBe(false);
  });
});
