DROP TABLE IF EXISTS notification_retention;
