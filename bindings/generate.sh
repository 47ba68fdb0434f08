#!/usr/bin/env bash
# Builds the phone's library for this machine and writes its binding in a language beside it.
# Usage: generate.sh python|swift|kotlin FOLDER [ARGUMENTS OF cargo build]
# Needs Rust, a C compiler, pkg-config and OpenSSL's headers (Debian: pkg-config libssl-dev). Builds in a target folder
# of its own: SQLCipher in place of SQLite would otherwise rebuild half the workspace at every change of mind.
set -euo pipefail
language="$1" folder="$2"
shift 2
here="$(cd "$(dirname "$0")" && pwd)"
mkdir -p "$folder"
folder="$(cd "$folder" && pwd)"
cd "$here/.."
export CARGO_TARGET_DIR="${WARMHAND_BINDINGS_TARGET:-$PWD/target/bindings}"

# The generator is built once: nothing of ours is in it.
cargo build --locked --quiet --profile generate -p warmhand-generate
cargo build --locked --profile bindings -p warmhand-bindings "$@"
case "$(uname)" in Darwin) library=libwarmhand.dylib ;; *) library=libwarmhand.so ;; esac
# What the binding says is read from the library itself, so it must not be stripped.
cp "$CARGO_TARGET_DIR/bindings/$library" "$folder/"
"$CARGO_TARGET_DIR/generate/generate" generate --no-format --language "$language" --out-dir "$folder" "$folder/$library"
