/** The horizontal pod autoscaler with KEDA: when it looks, what it ignores, and how fast it may step. */
import { clusterConstants } from './constants.ts';

export interface Behaviour {
  /** Largest step up in one sync; null without a limit. */
  readonly upPods: number | null;
  /** Seconds between two steps up. */
  readonly upEverySeconds: number;
  readonly downPods: number;
  readonly downEverySeconds: number;
  /** The largest wish of this time counts for a step down. */
  readonly downWindowSeconds: number;
}

export interface Autoscaler {
  /**
   * The replicas after this second.
   *
   * @param wish the number that the metric asks for; null if it has no answer
   */
  sync(second: number, replicas: number, wish: number | null): number;
}

const { syncSeconds, tolerance, fallbackAfterSeconds, fallbackReplicas, replicasMin, replicasMax } =
  clusterConstants;

/** @param phase second at which the first sync is; the load does not know it */
export function createAutoscaler(behaviour: Behaviour, phase: number): Autoscaler {
  let wishes: { second: number; replicas: number }[] = [];
  let lastUp = Number.NEGATIVE_INFINITY;
  let lastDown = Number.NEGATIVE_INFINITY;
  let silentSince: number | null = null;

  return {
    sync(second, replicas, wish) {
      if ((second + phase) % syncSeconds !== 0) return replicas;
      silentSince = wish === null ? (silentSince ?? second) : null;
      const isFallback = silentSince !== null && second - silentSince >= fallbackAfterSeconds;
      // fallback.behavior is currentReplicasIfHigher.
      const answered = wish ?? (isFallback ? Math.max(replicas, fallbackReplicas) : replicas);
      const ignored = Math.abs(answered / replicas - 1) <= tolerance;
      const wanted = ignored ? replicas : Math.min(replicasMax, Math.max(replicasMin, answered));
      wishes = [
        ...wishes.filter((one) => second - one.second < behaviour.downWindowSeconds),
        { second, replicas: wanted },
      ];
      if (wanted > replicas && second - lastUp >= behaviour.upEverySeconds) {
        lastUp = second;
        return behaviour.upPods === null ? wanted : Math.min(wanted, replicas + behaviour.upPods);
      }
      const stable = Math.max(...wishes.map((one) => one.replicas));
      if (stable < replicas && second - lastDown >= behaviour.downEverySeconds) {
        lastDown = second;
        return Math.max(stable, replicas - behaviour.downPods);
      }
      return replicas;
    },
  };
}
