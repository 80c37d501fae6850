#!/bin/sh
# An image from a static binary that is there (deploy/static.sh makes one), without a network.
#
#   deploy/image.sh target/outrider outrider:0.1.0     with buildah, podman or docker, whichever there is
#   deploy/image.sh --root FOLDER target/outrider      only lays out what goes into the image
#
# CA_CERTIFICATES is the PEM file of public roots that the image gets. Unless said otherwise they are Mozilla's as
# Debian packs them (ca-certificates), without what this machine's administrator has added.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mozilla=/usr/share/ca-certificates/mozilla

fail() { echo "image.sh: $*" >&2; exit 1; }

public_roots() {
    if [ -n "${CA_CERTIFICATES:-}" ]; then
        cat "$CA_CERTIFICATES"
    elif [ -d "$mozilla" ]; then
        cat "$mozilla"/*.crt
    else
        fail "there is no $mozilla: install ca-certificates, or set CA_CERTIFICATES"
    fi
}

# lay BINARY FOLDER: what the image holds, and the folder that its user may write to.
lay() {
    [ -f "$1" ] || fail "there is no $1: deploy/static.sh makes one"
    if readelf -l "$1" | grep -q INTERP; then
        fail "$1 wants a dynamic linker, which the image does not have: deploy/static.sh makes one that does not"
    fi
    mkdir -p "$2/root/etc/ssl/certs" "$2/own/key" "$2/own/trust"
    strip -o "$2/root/outrider" "$1" # the line tables are four fifths of it
    chmod 0755 "$2/root/outrider"
    public_roots >"$2/root/etc/ssl/certs/ca-certificates.crt"
    chmod -R u=rwX,go=rX "$2/root"
    chmod 0700 "$2/own/key"
}

if [ "${1:-}" = --root ]; then
    [ $# = 3 ] || fail "usage: image.sh --root FOLDER BINARY"
    lay "$3" "$2"
    exit
fi
[ $# = 2 ] || fail "usage: image.sh BINARY TAG"
laid=$(mktemp -d)
trap 'rm -rf "$laid"' EXIT
lay "$1" "$laid"
if command -v buildah >/dev/null; then
    buildah build -f "$here/Dockerfile.prebuilt" -t "$2" "$laid"
elif command -v podman >/dev/null; then
    podman build -f "$here/Dockerfile.prebuilt" -t "$2" "$laid"
elif command -v docker >/dev/null; then
    docker build -f "$here/Dockerfile.prebuilt" -t "$2" "$laid"
else
    fail "neither buildah, podman nor docker is here"
fi
