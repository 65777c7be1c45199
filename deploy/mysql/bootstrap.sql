-- The database and its three accounts; run once as the server's administrator:
--   mysql < deploy/mysql/bootstrap.sql
-- Replace the three passwords (openssl rand -base64 24), and localhost by the addresses of the application's machines.
-- The application gets its rights from deploy/mysql/grants, after each migration: table by table.

CREATE DATABASE IF NOT EXISTS record_room CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Makes and changes tables; only record-room-migrate.service knows its password.
CREATE USER IF NOT EXISTS 'record_room_owner'@'localhost' IDENTIFIED BY 'OWNER-PASSWORD';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES
  ON `record\_room`.* TO 'record_room_owner'@'localhost';

-- Serves; may not make, change or drop a table, and may not touch what stands in the audit trail.
CREATE USER IF NOT EXISTS 'record_room'@'localhost' IDENTIFIED BY 'APPLICATION-PASSWORD';

-- Reads everything, writes nothing.
CREATE USER IF NOT EXISTS 'record_room_backup'@'localhost' IDENTIFIED BY 'BACKUP-PASSWORD';
GRANT SELECT, SHOW VIEW, TRIGGER, LOCK TABLES ON `record\_room`.* TO 'record_room_backup'@'localhost';
