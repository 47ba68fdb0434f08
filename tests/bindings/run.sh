#!/usr/bin/env bash
# Drives the phone's library from Python: builds it, writes its binding, and tells a story through it against a real
# server process over TLS. The process's clock, and Python's, begin when the story does.
# Usage: run.sh PATH/TO/warmhand FOLDER FOR WHAT IS BUILT
set -euo pipefail
binary="$(realpath "$1")"
mkdir -p "$2"
folder="$(realpath "$2")"
here="$(cd "$(dirname "$0")" && pwd)"

python="$folder/venv/bin/python"
[ -x "$python" ] || python3 -m venv "$folder/venv"
"$python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"

export WARMHAND_BINDINGS_TARGET="$folder/target"
"$here/../../bindings/generate.sh" python "$folder/library"
"$here/../../bindings/generate.sh" python "$folder/failing" --features fault

run() { # LIBRARY TESTS...
  local library="$1"
  shift
  (cd "$here" && WARMHAND="$binary" PYTHONPATH="$library:$here/../../bindings/example" PYTHONDONTWRITEBYTECODE=1 \
    TZ=UTC timeout 600 faketime -f '@2026-03-03 18:25:00' "$python" "$here/all.py" "$@")
}
run "$folder/library" test_surface test_file test_calls test_story test_hostile
run "$folder/failing" test_panic
