/** Every row: cases of `npm run cases`, and rows that a test file or a chaos scenario shows. */
import type { Case, ShownElsewhere } from './case.ts';
import { fairnessCases, fairnessShownElsewhere } from './fairness-cases.ts';
import { identityShownElsewhere } from './identity-cases.ts';
import { localCases, localShownElsewhere } from './local-cases.ts';
import { notificationCases, notificationShownElsewhere } from './notification-cases.ts';
import { reconciliationCases, reconciliationShownElsewhere } from './reconciliation-cases.ts';
import { requestCases, requestsShownElsewhere } from './request-cases.ts';
import { securityCases, securityShownElsewhere } from './security-cases.ts';
import { waysBackShownElsewhere } from './ways-back-cases.ts';

export const cases: readonly Case[] = [
  ...fairnessCases,
  ...securityCases,
  ...requestCases,
  ...localCases,
  ...notificationCases,
  ...reconciliationCases,
];

export const shownElsewhere: readonly ShownElsewhere[] = [
  ...fairnessShownElsewhere,
  ...securityShownElsewhere,
  ...requestsShownElsewhere,
  ...localShownElsewhere,
  ...notificationShownElsewhere,
  ...identityShownElsewhere,
  ...reconciliationShownElsewhere,
  ...waysBackShownElsewhere,
];
