#!/usr/bin/env bash
# Starts the demo on a free port, drives its dashboard in a browser, stops it.
# Usage: dashboard.sh PATH/TO/warmhand [FOLDER FOR PICTURES]
set -euo pipefail
binary="$1" pictures="${2:-}"
here="$(cd "$(dirname "$0")" && pwd)"
out="$(mktemp)"
"$binary" demo --listen 127.0.0.1:0 >"$out" &
demo=$!
trap 'kill "$demo" 2>/dev/null || true; wait "$demo" 2>/dev/null || true; rm -f "$out"' EXIT
until grep -q '^Password:' "$out"; do
  kill -0 "$demo" || { echo "the demo did not start"; exit 1; }
  read -rt 0.2 <> <(:) || true
done
url="$(sed -n 's/^Dashboard: //p' "$out")" name="$(sed -n 's/^Name: //p' "$out")" password="$(sed -n 's/^Password: //p' "$out")"
node "$here/dashboard.mjs" "$url" "$name" "$password" $pictures
