#!/bin/sh
# Fetches the official R4 package (definitions and examples, CC0) once, and prints the folder it is in.
# The folder is outside of the checkout: $BRAZIER_CACHE, else the user's cache folder.
set -eu

name=hl7.fhir.r4.examples
version=4.0.1
sha256=dce87f1b5b9341867033f7d1f544fa1b5232503f6d62813887ac6b8a8b6cb682

retry=$(cd "$(dirname "$0")/../.." && pwd)/tasks/retry
cache=${BRAZIER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/brazier}
folder=$cache/$name-$version
if [ ! -e "$folder/complete" ]; then
    mkdir -p "$cache"
    work=$(mktemp -d "$cache/fetch.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    (cd "$work" && "$retry" npm pack --silent "$name@$version" >/dev/null)
    if ! echo "$sha256  $work/$name-$version.tgz" | sha256sum --check --status; then
        echo "$name-$version.tgz is not the file whose sha256 is $sha256" >&2
        exit 1
    fi
    tar -xzf "$work/$name-$version.tgz" -C "$work"
    rm "$work/$name-$version.tgz"
    touch "$work/complete"
    rm -rf "$folder"
    mv "$work" "$folder"
fi
echo "$folder/package"
