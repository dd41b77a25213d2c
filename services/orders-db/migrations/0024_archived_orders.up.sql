-- The version of an order at which `orderstream archive` removed its history and its stored commands. NULL: they are all there. Workers of
-- older versions ignore the column.
ALTER TABLE orders ADD COLUMN archived_version INT NULL;
