#!/usr/bin/env bash
# Builds the emulator's libraries and its self-test into OUT: tests/cuda-emulator/build.sh OUT
# Only what changed is compiled again. Needs g++ 11 or newer on x86-64.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=${1:?usage: build.sh OUT}
cxx=${CXX:-g++}

if [ "$(uname -m)" != x86_64 ]; then
    echo "the CUDA emulator switches fibers by x86-64 code; this machine is $(uname -m)" >&2
    exit 3
fi
mkdir -p "$out/objects"

# Two builds at once would read each other's halves.
exec 9>"$out/lock"
flock 9

flags=(-std=c++20 -O3 -g1 -fPIC -pthread -fvisibility=hidden -Wall -Wextra -Werror)
newest_header=$(find "$here" -name '*.h' -newer "$out/objects/headers" 2>/dev/null | head -n 1 || true)
[ -e "$out/objects/headers" ] && [ -z "$newest_header" ] || rm -rf "$out"/objects/*.o "$out/compiled"
touch "$out/objects/headers"

running=()
compile() { # SOURCE: to objects/NAME.o, in the background
    local object
    object="$out/objects/$(basename "$1" .cpp).o"
    [ "$object" -nt "$1" ] && return
    "$cxx" "${flags[@]}" -c "$1" -o "$object.part" && mv "$object.part" "$object"
}

# Every exported name of the real library that the look-alike does not have becomes a function that says so.
stubs() { # FAMILY OBJECTS...
    local family=$1 source="$out/objects/$1-stubs.cpp"
    shift
    {
        echo 'extern "C" __attribute__((visibility("default"))) int nr_emu_unimplemented(const char*);'
        comm -23 <(sort "$here/libraries/names/$family.txt") <(nm -g --defined-only "$@" | awk 'NF == 3 { print $3 }' | sort -u) |
            sed 's/.*/extern "C" __attribute__((visibility("default"))) int &() { return nr_emu_unimplemented("&"); }/'
    } > "$source.part"
    cmp -s "$source.part" "$source" || mv "$source.part" "$source"
    rm -f "$source.part"
    compile "$source"
}

link() { # SONAME STUB-FAMILY OBJECTS... [-- FLAGS...]
    local soname=$1 family=$2 objects=() flags_for_link=()
    shift 2
    while [ $# -gt 0 ] && [ "$1" != -- ]; do objects+=("$out/objects/$1.o"); shift; done
    [ $# -gt 0 ] && shift
    flags_for_link=("$@")
    if [ -n "$family" ]; then
        stubs "$family" "${objects[@]}"
        objects+=("$out/objects/$family-stubs.o")
    fi
    local newest=0 object
    for object in "${objects[@]}"; do [ "$object" -nt "$out/$soname" ] && newest=1; done
    [ "$newest" = 0 ] && [ -e "$out/$soname" ] && return
    "$cxx" -shared -pthread -Wl,-soname,"$soname" -Wl,-rpath,'$ORIGIN' -o "$out/$soname.part" "${objects[@]}" "${flags_for_link[@]}"
    mv "$out/$soname.part" "$out/$soname"
}

for source in "$here"/runtime/*.cpp "$here"/libraries/*.cpp; do
    compile "$source" &
    running+=($!)
done
for job in "${running[@]}"; do wait "$job"; done

link libcuda.so.1 cuda settings memory module execution counters hooks queue cuda -- -ldl
uses_driver=(-L"$out" -l:libcuda.so.1)
link libnvrtc.so.12 nvrtc nvrtc -- "${uses_driver[@]}" -ldl
link libcublasLt.so.12 cublasLt cublaslt -- "${uses_driver[@]}"
link libcublas.so.12 cublas cublas -- "${uses_driver[@]}"
link libcudnn.so.9 cudnn cudnn -- "${uses_driver[@]}"
link libnccl.so.2 nccl nccl -- "${uses_driver[@]}"

# Files that the real libraries come with and that whoever loads them asks for.
echo 'extern "C" const int nr_emu_companion = 0;' > "$out/objects/companion.cpp"
for soname in libnvrtc-builtins.so.12.8 libcudnn_graph.so.9 libcudnn_ops.so.9 libcudnn_cnn.so.9; do
    [ -e "$out/$soname" ] || "$cxx" -shared -fPIC -Wl,-soname,"$soname" -o "$out/$soname" "$out/objects/companion.cpp"
done
cmp -s "$here/runtime/device.h" "$out/device.h" || cp "$here/runtime/device.h" "$out/device.h"

if [ -d "$here/selftest" ]; then
    mkdir -p "$out/selftest"
    for source in "$here"/selftest/*.cpp; do
        [ -e "$source" ] || continue
        test=$out/selftest/$(basename "$source" .cpp)
        [ "$test" -nt "$source" ] && [ "$test" -nt "$out/libcuda.so.1" ] && continue
        "$cxx" -std=c++20 -O1 -g1 -pthread -Wall -Wextra -Werror "$source" -o "$test" -Wl,-rpath,"$out" -L"$out" \
            -l:libcuda.so.1 -l:libnvrtc.so.12 -l:libcublas.so.12 -l:libcublasLt.so.12 -l:libcudnn.so.9
    done
fi
