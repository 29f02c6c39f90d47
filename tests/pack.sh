#!/usr/bin/env bash
# Packs what `dotnet build -c Release` built into artifacts/packages, and compiles the command line to one native file for linux-x64,
# artifacts/native/nativeretrieval, where a C compiler is there to link it. NativeRetrieval.Packages.Tests holds both to what is promised;
# its tests skip where they are absent or of another build.
set -euo pipefail
cd "$(dirname "$0")/.."
rm -rf artifacts/packages artifacts/native

dotnet pack -c Release --no-build -v q -nologo -o artifacts/packages
echo "packages:"
du -b --apparent-size artifacts/packages/*.nupkg | awk '{ sub(".*/", "", $2); printf "  %8.2f MB  %s\n", $1 / 1e6, $2 }'

if [ "$(uname -sm)" != "Linux x86_64" ] || ! { command -v clang || command -v gcc; } > /dev/null; then
    echo "no native file: it takes Linux on x64 and clang or gcc"
    exit 0
fi
# Only the command line is restored for the native target: with its libraries restored for it, all of them would be compiled again.
dotnet restore src/NativeRetrieval.Cli -r linux-x64 -p:PublishAot=true --no-dependencies -v q -nologo
# Symbols for a debugger would lie in a file of their own, which nothing here reads.
dotnet publish src/NativeRetrieval.Cli -c Release -r linux-x64 -p:PublishAot=true -p:NativeDebugSymbols=false --no-restore -v q -nologo \
    -o artifacts/native

# start PROGRAM...: the shortest of twenty starts, in milliseconds.
start() {
    local best=999999 begin took
    for _ in $(seq 20); do
        begin=$(date +%s%N)
        "$@" --version > /dev/null
        took=$((($(date +%s%N) - begin) / 10000))
        if [ "$took" -lt "$best" ]; then best=$took; fi
    done
    echo "$((best / 100)).$((best / 10 % 10))"
}
program=artifacts/native/nativeretrieval
if grep -q avx2 /proc/cpuinfo; then
    echo "native file: $(stat -c %s $program | awk '{ printf "%.1f MB", $1 / 1e6 }'), starts in $(start $program) ms" \
        "(on the .NET runtime: $(start src/NativeRetrieval.Cli/bin/Release/net10.0/nativeretrieval) ms)"
fi
