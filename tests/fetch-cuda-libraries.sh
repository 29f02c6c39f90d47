#!/usr/bin/env bash
# Puts NVRTC 12.4, NVRTC 11.8 and a driver library under artifacts/cuda-libraries, for tests that need neither GPU nor driver:
# packages of Debian's non-free component, unpacked, not installed. Uses the mirror that this machine's apt uses.
# usage: tests/fetch-cuda-libraries.sh [--with-cublas]     (230 MB more, for the tests of cublasLt's descriptors)
# exit 0: all there; 1: some are missing (their tests skip)
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p artifacts/cuda-libraries
dir=$(realpath artifacts/cuda-libraries)

if [ "$(uname -m)" != x86_64 ] || ! command -v apt-get > /dev/null || ! command -v dpkg > /dev/null; then
    echo "CUDA libraries are fetched on x86-64 Debian and its kin only" >&2
    exit 1
fi

# The archive's address: from apt's indexes, or from its source lists where no index was fetched yet.
mirror() {
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2> /dev/null | grep -v security | sort -u | head -n 1 | grep . ||
        sed -nE 's/^deb +(\[[^]]*\] +)?([^ ]+).*/\2/p; s/^URIs: +([^ ]+).*/\1/p' /etc/apt/sources.list \
            /etc/apt/sources.list.d/* 2> /dev/null | grep -v security | head -n 1
}

# fetch SET SUITE PACKAGE...: the packages' libraries, flat, in DIR/SET.
fetch() {
    local set=$1 suite=$2 work uri
    shift 2
    [ -e "$dir/$set/complete" ] && return 0
    uri=$(mirror) && [ -n "$uri" ] || { echo "apt has no source to fetch from" >&2; return 1; }
    work=$(mktemp -d)
    mkdir -p "$work/lists/partial" "$work/deb" "$work/root"
    echo "deb $uri $suite non-free contrib" > "$work/sources.list"
    local options=(-qq "-oDir::Etc::sourcelist=$work/sources.list" -oDir::Etc::sourceparts=/dev/null "-oDir::State::Lists=$work/lists"
        "-oDir::Cache::pkgcache=" "-oDir::Cache::srcpkgcache=" -oAPT::Sandbox::User=root)
    if apt-get "${options[@]}" update && (cd "$work/deb" && apt-get "${options[@]}" download "$@"); then
        for package in "$work"/deb/*.deb; do dpkg -x "$package" "$work/root"; done
        mkdir -p "$dir/$set"
        find "$work/root" -name 'lib*.so*' -exec cp -P -t "$dir/$set" {} +
        touch "$dir/$set/complete"
    fi
    rm -rf "$work"
    [ -e "$dir/$set/complete" ]
}

missing=0
try() {
    local attempt
    for attempt in 1 2 3; do
        fetch "$@" && return 0
        [ "$attempt" = 3 ] || sleep 5
    done
    echo "$1 could not be fetched; its tests will skip" >&2
    missing=1
}
try nvrtc-12.4 trixie libnvrtc12 libnvrtc-builtins12.4
try nvrtc-11.8 bookworm libnvrtc11.2 libnvrtc-builtins11.8
try driver trixie libcuda1
[ "${1:-}" != --with-cublas ] || try cublas-12.4 trixie libcublas12 libcublaslt12
exit "$missing"
