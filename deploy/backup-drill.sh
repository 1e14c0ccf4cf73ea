#!/usr/bin/env bash
# Backs up a database while it is in use, restores the backup into an empty database, and compares every table.
# usage: DATABASE_URL=… deploy/backup-drill.sh EMPTY_DATABASE_URL
set -euo pipefail
[ -n "${DATABASE_URL:-}" ] && [ $# = 1 ] || { echo "usage: DATABASE_URL=… $0 EMPTY_DATABASE_URL" >&2; exit 2; }
target=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
query() { psql -XAtq -v ON_ERROR_STOP=1 "$@"; }

if [ "$(query -c "select count(*) from pg_tables where schemaname = 'public'" "$target")" != 0 ]; then
    echo "The second database is not empty: nothing was done." >&2
    exit 1
fi
tables=$(query -c "select string_agg(quote_ident(tablename), ' ' order by tablename) from pg_tables where schemaname = 'public'" "$DATABASE_URL")
# One line per table: its name, its rows, and a sum over their contents.
sums=''
for table in $tables; do
    sums+="select '$table', count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) from public.$table t;"
done

# The backup and the sums see the same moment.
coproc SNAPSHOT { query "$DATABASE_URL"; }
echo "begin isolation level repeatable read read only; set statement_timeout = 0; select pg_export_snapshot();" >&"${SNAPSHOT[1]}"
read -r snapshot <&"${SNAPSHOT[0]}"
started=$SECONDS
pg_dump --format=custom --snapshot="$snapshot" --file="$dir/dump" "$DATABASE_URL"
echo "backup: $((SECONDS - started)) s, $(du -h "$dir/dump" | cut -f1)"
echo "$sums select 'end';" >&"${SNAPSHOT[1]}"
while read -r line <&"${SNAPSHOT[0]}" && [ "$line" != end ]; do echo "$line"; done >"$dir/before"

started=$SECONDS
pg_restore --exit-on-error --no-owner --no-privileges --jobs=2 --dbname="$target" "$dir/dump"
echo "restore: $((SECONDS - started)) s"
query -c "set statement_timeout = 0; $sums" "$target" >"$dir/after"
if ! diff "$dir/before" "$dir/after" >"$dir/differences"; then
    echo "The restored database differs (<: the original, >: the restored one):" >&2
    cat "$dir/differences" >&2
    exit 1
fi
echo "All $(wc -l <"$dir/after") tables are equal."
