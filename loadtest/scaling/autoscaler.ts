/** The horizontal pod autoscaler with KEDA: when it looks, what it ignores, and how fast it may step. */
import { clusterConstants } from './constants.ts';

export interface Behaviour {
  /** Largest step up in one sync; null without a limit. */
  readonly upPods: number | null;
  /** Seconds between two steps up. */
  readonly upEverySeconds: number;
  readonly downPods: number;
  readonly downEverySeconds: number;
  /** The largest answer of this time counts for a step down. */
  readonly downWindowSeconds: number;
}

export interface Autoscaler {
  /**
   * The replicas after this second.
   *
   * @param desired the number that the metric asks for; null if it has no answer
   */
  sync(second: number, replicas: number, desired: number | null): number;
}

const { syncSeconds, tolerance, fallbackAfterSeconds, fallbackReplicas, replicasMin, replicasMax } =
  clusterConstants;

/** @param phase second at which the first sync is; the load does not know it */
export function createAutoscaler(behaviour: Behaviour, phase: number): Autoscaler {
  let answers: { second: number; replicas: number }[] = [];
  let lastUp = Number.NEGATIVE_INFINITY;
  let lastDown = Number.NEGATIVE_INFINITY;
  let silentSince: number | null = null;

  return {
    sync(second, replicas, desired) {
      if ((second + phase) % syncSeconds !== 0) return replicas;
      silentSince = desired === null ? (silentSince ?? second) : null;
      const isFallback = silentSince !== null && second - silentSince >= fallbackAfterSeconds;
      // fallback.behavior is currentReplicasIfHigher.
      const answered = desired ?? (isFallback ? Math.max(replicas, fallbackReplicas) : replicas);
      const ignored = Math.abs(answered / replicas - 1) <= tolerance;
      const wanted = ignored ? replicas : Math.min(replicasMax, Math.max(replicasMin, answered));
      answers = [
        ...answers.filter((one) => second - one.second < behaviour.downWindowSeconds),
        { second, replicas: wanted },
      ];
      if (wanted > replicas && second - lastUp >= behaviour.upEverySeconds) {
        lastUp = second;
        return behaviour.upPods === null ? wanted : Math.min(wanted, replicas + behaviour.upPods);
      }
      const stable = Math.max(...answers.map((one) => one.replicas));
      if (stable < replicas && second - lastDown >= behaviour.downEverySeconds) {
        lastDown = second;
        return Math.max(stable, replicas - behaviour.downPods);
      }
      return replicas;
    },
  };
}
