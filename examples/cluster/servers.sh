#!/usr/bin/env bash
# Two servers that share a PostgreSQL database, until both have ended or Ctrl-C.
#   DATABASE_URL  postgres://user:password@host/database
set -euo pipefail

# The same for all. Keep the master key: secrets in the database are encrypted with it.
export BROWSERHOOK_DATABASE_URL=$DATABASE_URL
export BROWSERHOOK_MASTER_KEY=${MASTER_KEY:-$(head -c 32 /dev/urandom | base64)}
export BROWSERHOOK_API_KEY=${BROWSERHOOK_KEY:?}
export BROWSERHOOK_BROWSER_ALLOW=127.0.0.0/8 # for the shop, which is on this machine

declare -A address
serve() { # a folder of its own, and the address under which the others reach it
  mkdir -p "cluster-data/$1"
  browserhook serve --data "cluster-data/$1" --listen "${2#http://}" --node-url "$2" --public-url "$2" >"cluster-data/$1.log" 2>&1 &
  address[$!]=$2
}

trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT
serve one "${ONE:=http://127.0.0.1:8091}"
serve two "${TWO:=http://127.0.0.1:8092}"
for server in "$ONE" "$TWO"; do
  curl -sf --retry 60 --retry-delay 1 --retry-all-errors -o /dev/null "$server/readyz"
  echo "Ready: $server"
done
while wait -n -p ended; do echo "Ended: ${address[$ended]}"; done
