DROP TABLE customer_keys;
