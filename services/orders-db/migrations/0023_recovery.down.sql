DROP TABLE IF EXISTS recovery_shortages;
