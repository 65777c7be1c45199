#!/usr/bin/env bash
# The accounts of compose.yaml's database, made on its first start only. One machine, one database, nobody else near it:
# so the application may write every table here; deploy/mysql/grants narrows it to what it needs.
mysql --user=root --password="$MYSQL_ROOT_PASSWORD" <<SQL
CREATE USER 'record_room_owner'@'%' IDENTIFIED BY '$OWNER_PASSWORD';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES
  ON \`record\_room\`.* TO 'record_room_owner'@'%';
CREATE USER 'record_room'@'%' IDENTIFIED BY '$APPLICATION_PASSWORD';
GRANT SELECT, INSERT, UPDATE, DELETE ON \`record\_room\`.* TO 'record_room'@'%';
SQL
