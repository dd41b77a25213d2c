DROP TABLE IF EXISTS reconciliation_findings, notification_deliveries, notification_positions, webhook_endpoints;
