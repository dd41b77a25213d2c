-- Run by an administrator after `migrate`: with binary logging on, MySQL lets nobody else make triggers. They refuse even
-- the owner of the tables. TRUNCATE and DROP run no trigger; of the logins here only that of `migrate` may do those.
CREATE TRIGGER `orderstream`.`audit_log_no_update` BEFORE UPDATE ON `orderstream`.`audit_log` FOR EACH ROW
  SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit_log is append-only';
CREATE TRIGGER `orderstream`.`audit_log_no_delete` BEFORE DELETE ON `orderstream`.`audit_log` FOR EACH ROW
  SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit_log is append-only';
