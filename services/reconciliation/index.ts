/** The public interface of reconciliation: a run on demand, and the kinds of findings. */
export { findingKinds } from './findings/finding-kinds.ts';
export { stuckFields } from './matching/stuck-fields.ts';
export { type ReconcileReport, reconcile } from './reconcile.ts';
export { stepBack } from './running/priority.ts';
