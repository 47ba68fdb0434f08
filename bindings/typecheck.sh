#!/usr/bin/env bash
# Checks the types of the library for phones on a machine that has neither an NDK nor Xcode: a stand-in for their C
# compilers writes empty objects, so that nothing is linked and every line of Rust is read as that target reads it.
#
#   bindings/typecheck.sh [TARGET...]     aarch64-linux-android and aarch64-apple-ios, if none is named
#
# Needs rustup, for the targets' standard libraries, and OpenSSL's headers (Debian: libssl-dev).
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- aarch64-linux-android aarch64-apple-ios
beside=$(mktemp -d)
trap 'rm -rf "$beside"' EXIT
cat >"$beside/cc" <<'STUB'
#!/usr/bin/env bash
case " $* " in
  *" -E "* | *" --version "*) exec cc "$@" ;; # what family it is of
  *" -? "*) exit 1 ;;                         # not Microsoft's
esac
while [ $# -gt 1 ]; do
  [ "$1" = -o ] && { mkdir -p "$(dirname "$2")" && cc -x c -c - -o "$2" </dev/null; }
  shift
done
STUB
chmod +x "$beside/cc"
export SDKROOT=$beside OPENSSL_NO_VENDOR=1 OPENSSL_DIR=/usr OPENSSL_INCLUDE_DIR=/usr/include
export OPENSSL_LIB_DIR=/usr/lib/$(uname -m)-linux-gnu
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}/phones
for target in "$@"; do
  rustup -q target add "$target"
  name=${target//-/_}
  env "CC_$name=$beside/cc" "AR_$name=ar" cargo check --locked --target "$target" -p warmhand-bindings
done
