-- An administrator runs this file after `migrate`. With binary logging, MySQL lets only an administrator create
-- triggers. The triggers refuse even the owner of the tables. TRUNCATE and DROP run no trigger. Of the logins in this
-- folder, only the login of `migrate` may run these statements.
CREATE TRIGGER `orderstream`.`audit_log_no_update` BEFORE UPDATE ON `orderstream`.`audit_log` FOR EACH ROW
  SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit_log is append-only';
CREATE TRIGGER `orderstream`.`audit_log_no_delete` BEFORE DELETE ON `orderstream`.`audit_log` FOR EACH ROW
  SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit_log is append-only';
