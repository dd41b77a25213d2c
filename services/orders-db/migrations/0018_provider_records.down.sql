DROP TABLE provider_listings;
DROP TABLE provider_records;
