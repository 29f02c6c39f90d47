#!/usr/bin/env bash
# Measures everything on a quiet machine, part by part, and writes a table of each into benchmarks/results/DEVICE/DATE-COMMIT-PART.
# A part whose table is there is not measured again, nor is a suite of a part that was cut off: after an interruption the same command
# goes on where it was.
set -euo pipefail
cd "$(dirname "$0")/.."

usage="usage: benchmarks/run-all.sh [--stem PATH] [--busy-anyway] [PART…]
  parts       onnx torch ops encoders allocations (none: all, in this order); about ten minutes in all
  --stem      goes on with a run of another day or commit, e.g. benchmarks/results/amd-epyc-2-threads/2026-11-27-1736e8a
  --busy-anyway  measures on a machine that is not idle; the tables say its load"
most_busy_percent=5 idle_tries=30

all_parts="onnx torch ops encoders allocations"
stem="" anyway=no parts=""
while [ $# -gt 0 ]; do
    case $1 in
        --stem) [ $# -ge 2 ] || { echo "--stem needs a path" >&2; exit 2; }; stem=$2; shift ;;
        --busy-anyway) anyway=yes ;;
        -h | --help) echo "$usage"; exit 0 ;;
        *)
            case " $all_parts " in *" $1 "*) parts="$parts $1" ;; *) printf '%s is no part\n%s\n' "$1" "$usage" >&2; exit 2 ;; esac ;;
    esac
    shift
done
parts=${parts:-$all_parts}

# One machine's settings of a BLAS library must not leak into a comparison.
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

# Builds come first: the compilers' own work is over before anything is timed.
for project in Benchmarks OrtPeer OpBenchmarks; do
    dotnet build -c Release --disable-build-servers -nologo -v q -clp:NoSummary "benchmarks/NativeRetrieval.$project"
done
benchmarks="dotnet benchmarks/NativeRetrieval.Benchmarks/bin/Release/net10.0/NativeRetrieval.Benchmarks.dll"
operations="dotnet benchmarks/NativeRetrieval.OpBenchmarks/bin/Release/net10.0/NativeRetrieval.OpBenchmarks.dll"
stem=${stem:-$($benchmarks stem)}
mkdir -p "$(dirname "$stem")"

# busy_percent: the share of all cores' time that was used in the last two seconds.
busy_percent() {
    local before after
    before=$(head -n 1 /proc/stat)
    sleep 2
    after=$(head -n 1 /proc/stat)
    printf '%s\n%s\n' "$before" "$after" | awk '
        { total = 0; for (i = 2; i <= 9; i++) total += $i; idle = $5 + $6
          if (NR == 1) { firstTotal = total; firstIdle = idle } }
        END { print int(100 * (1 - (idle - firstIdle) / (total - firstTotal)) + 0.5) }'
}

wait_until_idle() {
    local try busy
    [ -r /proc/stat ] || { echo "no /proc/stat: whether the machine is idle is not known" >&2; return; }
    for try in $(seq $idle_tries); do
        busy=$(busy_percent)
        [ "$busy" -gt $most_busy_percent ] || return 0
    done
    echo "the machine is not idle: others use $busy % of its cores, at most $most_busy_percent % is quiet enough" >&2
    if [ $anyway = no ]; then
        echo "end what else runs and start this again, or say --busy-anyway; parts that are done are kept" >&2
        exit 3
    fi
}

# BenchmarkDotNet writes its tables below a folder: PART FILTER
benchmark_dot_net() {
    local folder=artifacts/benchmark-dot-net-$1
    rm -rf "$folder"
    $operations --filter "$2" --artifacts "$folder"
    cp "$folder"/results/*-brief.json "$stem-$1.json"
    { echo "# $(basename "$stem"), $1, by BenchmarkDotNet, load before $(cut -d ' ' -f 1 /proc/loadavg)"; echo
      cat "$folder"/results/*-github.md; } > "$stem-$1.md.partial"
    mv "$stem-$1.md.partial" "$stem-$1.md"
}

for part in $parts; do
    if [ -e "$stem-$part.md" ]; then
        echo "$stem-$part.md is there; remove it to measure it again"
        continue
    fi
    wait_until_idle
    echo "== $part"
    case $part in
        onnx) $benchmarks peers --peer onnx --to "$stem-onnx" ;;
        torch)
            status=0
            $benchmarks peers --peer torch --to "$stem-torch" || status=$?
            # 3: the peer does not run here, and has said why.
            [ $status = 0 ] || [ $status = 3 ] || exit $status ;;
        ops) benchmark_dot_net ops '*OpForward*' ;;
        encoders) benchmark_dot_net encoders '*EncoderForward*' ;;
        allocations)
            $operations allocations > "$stem-allocations.md.partial"
            mv "$stem-allocations.md.partial" "$stem-allocations.md" ;;
    esac
done
echo "tables: $stem-*.md"
