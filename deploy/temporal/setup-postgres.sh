#!/bin/sh
# Makes Temporal's two databases and brings their schemas up to date. It is
# safe to repeat, and must run before a newer Temporal starts. The schemas are
# those built into temporal-sql-tool. SQL_PASSWORD holds the password.
set -eu
. "$(dirname "$0")/retry.sh"

: "${POSTGRES_SEEDS:?must name the PostgreSQL host}"
: "${POSTGRES_USER:?must name the PostgreSQL user}"
: "${SQL_PASSWORD:?must hold that user's password}"

sql_tool() {
  database=$1
  shift
  temporal-sql-tool --plugin postgres12 --endpoint "$POSTGRES_SEEDS" --port "${DB_PORT:-5432}" \
    --user "$POSTGRES_USER" --database "$database" "$@"
}

# prepare DATABASE SCHEMA
prepare() {
  retry "create database $1" sql_tool "$1" create-database --defaultdb postgres
  sql_tool "$1" setup-schema --version 0.0
  sql_tool "$1" update-schema --schema-name "$2"
}

prepare "${DBNAME:-temporal}" postgresql/v12/temporal
prepare "${VISIBILITY_DBNAME:-temporal_visibility}" postgresql/v12/visibility
echo "Temporal's databases are ready"
