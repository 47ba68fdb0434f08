#!/usr/bin/env bash
# Takes one rule at a time out of a copy of the tree and plays histories until one fails: seeds, then those that are kept in
# tests/simulator; where none does, the ordinary tests, and last those that kill processes and cut the power. A rule without
# which nothing fails is a rule that nothing proves: then this ends with 1.
#
#   tests/mutations/run.sh [SEEDS] [RULE...]     e.g. tests/mutations/run.sh 2000 high-token settle-by-hash
#
# Each rule is a patch of the same name beside this file; the text above its first hunk says what the rule is.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(git -C "$here" rev-parse --show-toplevel)
seeds=${1:-2000}
shift || true
rules=("$@")
if [ ${#rules[@]} -eq 0 ]; then
  # Those of one library one after the other: what a patch does not touch is not built anew for it.
  while read -r _ rule; do rules+=("$rule"); done < <(
    for patch in "$here"/*.patch; do
      printf '%s %s\n' "$(sed -n 's,^+++ b/,,p' "$patch" | head -1)" "$(basename "$patch" .patch)"
    done | sort
  )
fi
# Apart from the ordinary builds: cargo names what it builds by its place within the workspace, so a mutated library
# would be taken for the true one.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}/mutated
tree=$CARGO_TARGET_DIR/tree
rm -rf "$tree" && mkdir -p "$tree"
# The files as they lie here, with their times, so that only what a patch touches is built anew.
(cd "$root" && git ls-files -z --cached --others --exclude-standard | tar -c --null -T - 2>/dev/null) | tar -x -C "$tree"
cd "$tree" && git init -q .
# The oracle that fails by this log, after what stands before it there. A panic on the way is none: it may be the patch that
# is wrong.
oracle() {
  grep -a "$1" "$2" | grep -av ': a panic: ' | sed -n "s/^ *$1 *oracle \([0-9]* ([A-Za-z]*)\).*/\1/p" | head -1
}

# The first kept history that fails, as the end of a row of the table.
kept() {
  local history found
  for history in "$here"/../simulator/*.json; do
    "$CARGO_TARGET_DIR/debug/simulate" --replay "$history" >"$tree/kept.log" 2>&1 && continue
    found=$(oracle '!!' "$tree/kept.log")
    [ -n "$found" ] || continue
    printf '%s | %s, kept |\n' "$found" "$(grep -c '^    {' "$history")"
    return
  done
  return 1
}

# The first of these tests that fails.
failing() {
  local name
  cargo test -q "$@" >"$tree/tests.log" 2>&1
  name=$(sed -n '/^failures:$/,$s/^    \([a-z0-9_:]*\)$/\1/p' "$tree/tests.log" | head -1)
  [ -n "$name" ] && printf 'test `%s` | |\n' "$name"
}

# Without those that play histories or look at the sources.
tests() {
  failing -p warmhand-core --lib -- app::tests || failing --test all -- --skip simulated --skip house --skip crash ||
    failing --test all -- crash
}

survivors=0
printf '| Rule | Falls | Shortest history |\n|---|---|---|\n'
for rule in "${rules[@]}"; do
  patch=$here/$rule.patch
  says=$(sed -n '1s/^# *//p' "$patch")
  if ! git apply --recount "$patch"; then
    printf '| %s | the patch does not apply | |\n' "$says"
    survivors=1
    continue
  fi
  if ! cargo build -q --bin simulate 2>"$tree/$rule.log"; then
    printf '| %s | does not build, see %s | |\n' "$says" "$tree/$rule.log"
    survivors=1
  else
    "$CARGO_TARGET_DIR/debug/simulate" --seeds "$seeds" --keep "$tree/$rule.json" >"$tree/$rule.log" 2>&1
    falls=$(oracle 'seed [0-9]* fails:' "$tree/$rule.log")
    if [ -n "$falls" ]; then
      shortest=$(sed -n 's/^shortest history, \([0-9]*\) operations:/\1/p' "$tree/$rule.log")
      printf '| %s | %s | %s |\n' "$says" "$falls" "$shortest"
    elif row=$(kept) || row=$(tests); then
      printf '| %s | %s\n' "$says" "$row"
    else
      printf '| %s | **nothing in %s seeds** | |\n' "$says" "$seeds"
      survivors=1
    fi
  fi
  git apply --recount -R "$patch"
done
exit $survivors
