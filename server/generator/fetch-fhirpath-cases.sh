#!/bin/sh
# Fetches the official cases of FHIRPath and of FHIRPath Patch for R4 with the resources that they are about (Apache-2.0)
# once, and prints the folder they are in. The folder is outside of the checkout: $BRAZIER_CACHE, else the user's cache folder.
set -eu

group=org.hl7.fhir.testcases
name=fhir-test-cases
version=1.7.69
sha256=827a559099ae3297c3f96ab5749b419a24600d74b6a09e23620881a9c17df741
# The Maven plugin that unpacks a part of an artifact.
unpack=org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack
cases=org/hl7/fhir/testcases/r4

retry=$(cd "$(dirname "$0")/../.." && pwd)/tasks/retry
cache=${BRAZIER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/brazier}
folder=$cache/$name-$version-r4
if [ ! -e "$folder/complete" ]; then
    mkdir -p "$cache"
    work=$(mktemp -d "$cache/fetch.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    (cd "$work" && "$retry" mvn --quiet --batch-mode "-Dmaven.repo.local=$work/repository" "$unpack" \
        "-Dartifact=$group:$name:$version" "-DoutputDirectory=$work/unpacked" \
        "-Dmdep.unpack.includes=$cases/fhirpath/*,$cases/patch/*,$cases/*.xml,$cases/*.json" >&2)
    jar=$work/repository/$(echo "$group" | tr . /)/$name/$version/$name-$version.jar
    if ! echo "$sha256  $jar" | sha256sum --check --status; then
        echo "$name-$version.jar is not the file whose sha256 is $sha256" >&2
        exit 1
    fi
    mv "$work/unpacked/$cases" "$work/complete-cases"
    touch "$work/complete-cases/complete"
    rm -rf "$folder"
    mv "$work/complete-cases" "$folder"
fi
echo "$folder"
