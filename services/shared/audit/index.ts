export { type AuditAction, auditActions } from './actions.ts';
export {
  type Actor,
  type AuditDetails,
  type AuditEntry,
  type AuditTarget,
  auditSubject,
  recordAudit,
} from './record.ts';
