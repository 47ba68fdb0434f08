#!/usr/bin/env bash
# Makes the README's pictures: the demo's dashboard, driven in a browser.
# Usage: picture.sh PATH/TO/warmhand
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
"$here/dashboard.sh" "$1" "$folder"
for picture in overview overview-narrow two-sentences; do
  cp "$folder/$picture.png" "$here/picture/"
done
