#!/usr/bin/env bash
# Makes the demo's data, exports records from it, and compares what a standard JavaScript Automerge reads in each with
# the entries that the server holds.
# Usage: automerge.sh PATH/TO/warmhand PATH/TO/exported
set -euo pipefail
warmhand="$1" exported="$2"
here="$(cd "$(dirname "$0")" && pwd)"
folder="$(mktemp -d)"
"$warmhand" demo --listen 127.0.0.1:0 --data "$folder/data" >"$folder/out" &
demo=$!
trap 'kill "$demo" 2>/dev/null || true; wait "$demo" 2>/dev/null || true; rm -rf "$folder"' EXIT
until grep -q '^Password:' "$folder/out"; do
  kill -0 "$demo" || { echo "the demo did not start"; exit 1; }
  read -rt 0.2 <> <(:) || true
done
kill -INT "$demo" && wait "$demo" || true
"$exported" "$folder/data" "$folder/records"
count=0
for expected in "$folder"/records/*.tsv; do
  record="$(basename "$expected" .tsv)"
  rm -f "$folder/record.automerge"
  "$warmhand" record export "$record" "$folder/record.automerge" --by maya --why "to read it" --data "$folder/data"
  node "$here/reader.mjs" "$folder/record.automerge" | diff -q - "$expected" || { echo "a record reads differently"; exit 1; }
  count=$((count + 1))
done
[ "$count" -gt 0 ] || { echo "no record was exported"; exit 1; }
echo "$count records read by a standard Automerge: $count passed, 0 failed"
