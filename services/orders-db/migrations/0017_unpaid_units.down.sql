DELETE FROM rule_flags WHERE name = 'unpaidUnits';

DROP TABLE IF EXISTS unpaid_customers;

ALTER TABLE orders DROP COLUMN unpaid_units;
