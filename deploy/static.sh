#!/bin/sh
# Builds target/outrider: a release that needs no C library, for an image with nothing else in it. It is glibc's own
# static form: musl's allocator is slower, and its target is rarely installed.
set -eu
cd "$(dirname "$0")/.."

target=$(rustc -vV | sed -n 's/^host: //p')
# With a target named, the flag does not reach build scripts and macros, which cannot be linked so.
RUSTFLAGS="${RUSTFLAGS:-} -C target-feature=+crt-static" \
    cargo build --release --locked --bin outrider --target "$target"
cp "${CARGO_TARGET_DIR:-target}/$target/release/outrider" target/outrider
