DROP TABLE rule_flags, shipping_rates, tax_rates, coupon_customers, coupon_counters, coupons, price_breaks;
DELETE FROM catalogue_state WHERE id IN (2, 3);
