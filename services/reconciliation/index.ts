/** What others may use of reconciliation: a run on demand, and the kinds of findings. */
export { type FindingKind, findingKinds } from './kinds.ts';
export { stepBack } from './priority.ts';
export { type ReconcileOptions, type ReconcileReport, reconcile } from './reconcile.ts';
export { stuckFields } from './stuck-fields.ts';
