#!/bin/sh
# Makes the registry's database and a user who owns it and nothing else. It is
# safe to repeat; repeating it also sets the password anew. Who does this is
# named by psql's own PGHOST, PGUSER and PGPASSWORD.
set -eu

: "${KEYTURN_DB_PASSWORD:?must hold the password of the user keyturn}"

# --set and :'password' quote the password; it is not part of the program.
psql --no-psqlrc --set ON_ERROR_STOP=1 --set password="$KEYTURN_DB_PASSWORD" --dbname postgres <<'SQL'
SELECT 'CREATE ROLE keyturn LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'keyturn') \gexec
ALTER ROLE keyturn PASSWORD :'password';
SELECT 'CREATE DATABASE keyturn OWNER keyturn' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'keyturn') \gexec
SQL
echo "the registry's database is ready"
