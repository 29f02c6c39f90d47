#!/usr/bin/env bash
# Proves the CUDA backend on a GPU and takes first timings beside PyTorch: tests/gpu/run.sh OUT [--proof | --times] [--rehearse]
# Needs artifacts/gpu from pack.sh, bash, tar, xz (or Python's); python3 with PyTorch for its parts. README.md beside this file says what
# the report holds.
# No set -e: a step that fails is written down, and the others still run.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
root=$PWD

usage() {
    echo "usage: tests/gpu/run.sh OUT [--proof | --times] [--rehearse]" >&2
    exit 2
}

out= rehearse= part=
for argument in "$@"; do
    case $argument in
        --rehearse) rehearse=1 ;;
        --proof | --times) [ -z "$part" ] || usage; part=${argument#--} ;;
        -*) usage ;;
        *) [ -z "$out" ] || usage; out=$argument ;;
    esac
done
[ -n "$out" ] || usage
mkdir -p "$out" && out=$(cd "$out" && pwd) || exit 1

pack=artifacts/gpu
if [ ! -e "$pack/app.tar.xz" ] || [ ! -e "$pack/dotnet.tar.xz" ]; then
    echo "run.sh: $pack is not there; run tests/gpu/pack.sh where .NET is, and carry it along" >&2
    exit 1
fi

budget=${NR_GPU_SECONDS:-480}      # for all steps; a machine is lent for little longer
python=${NR_GPU_PYTHON:-python3}
# Which tests run, and which of them under the sanitizers, as xunit takes it; empty: all. racecheck, a hundred times as slow,
# takes each kernel once.
read -ra test_filter <<< "${NR_GPU_TESTS:-}"
read -ra sanitizer_filter <<< "${NR_GPU_SANITIZER_TESTS-${NR_GPU_TESTS:-}}"
race_filter=(-trait subset=races)

work=$(mktemp -d)
mkdir "$work/state" "$work/log" "$work/cache" "$work/data"
app=$pack/app
trap 'rm -rf "$work" "$app"' EXIT
dotnet_root=$work/dotnet
export DOTNET_ROOT=$dotnet_root DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_EnableDiagnostics=0 NO_COLOR=1
export PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
export HOME=${HOME:-$work} XDG_CACHE_HOME=$work/cache NATIVERETRIEVAL_SHARED=$work/data

now_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }
begin_ms=$(now_ms)
commit=$(cat "$pack/commit" 2> /dev/null || echo unknown)
started=$(date -u '+%Y-%m-%d %H:%M UTC')

steps=(machine runtime doctor tests parity gradients timings memcheck racecheck pytorch-values pytorch-parity timed-sizes kernels pytorch
    table)
declare -A steps_of=(
    [proof]="doctor tests parity gradients memcheck racecheck pytorch-values pytorch-parity timed-sizes"
    [times]="doctor timings kernels pytorch table")
asked=${NR_GPU_STEPS:-${part:+${steps_of[$part]}}}
# Results before how they came about.
sections=(table timings gradients timed-sizes kernels pytorch-parity parity tests memcheck racecheck pytorch-values pytorch doctor runtime)
declare -A what=(
    [machine]="GPU, driver, PyTorch" [runtime]=".NET, unpacked" [doctor]="which CUDA libraries load" [tests]="all CUDA tests"
    [parity]="golden values, float32, the 20-step training run among them"
    [gradients]="each operation of the training pass against float64, by every algorithm"
    [timed-sizes]="operations in the sizes of a timed training step against float64, by every algorithm"
    [pytorch-values]="PyTorch's values here" [pytorch-parity]="ours against them" [timings]="ours, timed"
    [pytorch]="PyTorch, eager and compiled, timed"
    [memcheck]="the tests under compute-sanitizer memcheck" [racecheck]="each kernel once under compute-sanitizer racecheck"
    [kernels]="time and bytes of each kernel of a training step, by ncu" [table]="the timings beside each other")

# The device's name decides where the report goes, so it is asked for before the first step; the step writes the rest down.
if [ -n "$rehearse" ]; then
    device="the CPU emulator"
    report=$out/rehearsal.md
else
    device=$(nvidia-smi --query-gpu=name --format=csv,noheader 2> /dev/null | head -n 1)
    device=${device:-unknown GPU}
    folder=$(echo "$device" | tr '[:upper:]' '[:lower:]' | sed -E 's/[^a-z0-9]+/-/g; s/^-|-$//g')
    report=$out/$folder/$(date -u +%Y-%m-%d)-$commit${part:+-$part}.md
    mkdir -p "$out/$folder"
fi

log=log${part:+-$part}.txt

record() { # ID STATUS EXIT SECONDS NOTE
    printf '%s\x1f%s\x1f%s\x1f%s\n' "$2" "$3" "$4" "${5//|//}" > "$work/state/$1.$BASHPID" && mv "$work/state/$1.$BASHPID" "$work/state/$1"
}

status_of() { [ -e "$work/state/$1" ] && cut -d $'\x1f' -f 1 "$work/state/$1"; }

# What a reader wants of long output: what failed, what a sanitizer found, and the end; the log has all of it.
excerpt() {
    if grep -qE '\[FAIL\]|^========= ' "$1"; then
        grep -E -A 8 '\[FAIL\]|^========= (Error|Invalid|Warning|Uninit|Misaligned)' "$1" | head -n 150
        echo "[...]"
        tail -n 6 "$1"
    else
        tail -n 70 "$1"
    fi
}

# The whole report anew after each step, so that a run that is killed leaves what it had.
render() {
    local id status code seconds note fresh=$BASHPID
    {
        if [ -n "$rehearse" ]; then
            echo "# REHEARSAL ON THE EMULATOR, $started, commit $commit"
            echo
            echo "**No GPU took part. Sizes are tiny, times mean nothing, and no figure below is a result.**"
        else
            echo "# $device, $started, commit $commit"
        fi
        echo
        if [ -s "$work/log/machine" ]; then sed 's/$/  /' "$work/log/machine"; echo; fi
        echo "| step | what | status | exit | s | note |"
        echo "|---|---|---|---:|---:|---|"
        for id in "${steps[@]}"; do
            status='not reached' code='' seconds='' note=''
            [ -e "$work/state/$id" ] && IFS=$'\x1f' read -r status code seconds note < "$work/state/$id"
            case $status in ok | skipped | running) ;; *) status="**$status**" ;; esac
            echo "| $id | ${what[$id]} | $status | $code | $seconds | $note |"
        done
        for id in "${sections[@]}"; do
            [ -s "$work/log/$id" ] || continue
            echo
            echo "## ${what[$id]}"
            echo
            # Tables go in as they are; of other output the end.
            if grep -q '^|---' "$work/log/$id"; then cat "$work/log/$id"
            else
                echo '```text'
                excerpt "$work/log/$id" | cut -c 1-300 | tr -d '`'
                echo '```'
            fi
        done
    } | sed -e "s|$work|TEMPORARY|g" -e "s|$root/||g" > "$report.$fresh" && mv "$report.$fresh" "$report"
    # One file of all output: few files come back from a lent machine.
    for id in "${steps[@]}"; do
        if [ -e "$work/log/$id" ]; then echo "===== $id"; cat "$work/log/$id"; fi
    done > "$out/$log.$fresh" && mv "$out/$log.$fresh" "$out/$log"
}

skip() { # ID REASON
    record "$1" skipped '' '' "$2"
    echo "$1: skipped: $2" >&2
    render
}

# Machine and .NET are needed by all others.
wanted() { [ -z "$asked" ] || [[ " machine runtime $asked " == *" $1 "* ]]; }

cannot() { # ID REASON: on a GPU machine everything is to be there
    wanted "$1" || { skip "$1" 'not asked for'; return; }
    if [ -n "$rehearse" ]; then skip "$1" "$2"; return; fi
    record "$1" FAILED '' 0 "$2"
    echo "$1: FAILED: $2" >&2
    render
}

# step ID LIMIT_S CHECK COMMAND...
# CHECK is a function that reads the output of a command that exited 0: a program that does nothing exits 0, too. It prints the row's note.
step() {
    local id=$1 limit=$2 check=$3 code=0 status note='' start left seconds
    shift 3
    wanted "$id" || { skip "$id" 'not asked for'; return 1; }
    # An emulator beside a build is slow for no reason of ours.
    [ -z "$rehearse" ] || limit=$((limit * 5))
    left=$((budget - kept - ($(now_ms) - begin_ms) / 1000))
    if [ "$left" -lt 5 ]; then
        record "$id" 'not run' '' 0 "the $((budget - kept)) s for it and the steps before are used up"
        echo "$id: not run: the $((budget - kept)) s for it and the steps before are used up" >&2
        render
        return 1
    fi
    [ "$limit" -le "$left" ] || limit=$left
    record "$id" running '' '' "since $(date -u +%H:%M:%S), at most $limit s"
    render
    start=$(now_ms)
    timeout -k 5 "$limit" "$@" > "$work/log/$id" 2> "$work/data/$id.stderr" < /dev/null || code=$?
    # Behind the output, not in the middle of its tables.
    cat "$work/data/$id.stderr" >> "$work/log/$id"
    seconds=$(awk -v ms=$(($(now_ms) - start)) 'BEGIN { printf "%.1f", ms / 1000 }')
    if [ "$code" = 0 ]; then
        if note=$("$check" "$work/log/$id"); then status=ok; else status=FAILED; fi
    elif [ "$code" = 124 ] || [ "$code" = 137 ]; then
        status='TIMED OUT' note="after $limit s; $("$check" "$work/log/$id")"
    else
        status=FAILED note=$("$check" "$work/log/$id")
    fi
    record "$id" "$status" "$code" "$seconds" "$note"
    echo "$id: $status, exit $code, $seconds s${note:+; $note}" >&2
    render
    [ "$status" = ok ]
}

anything() { [ -s "$1" ] || { echo "no output"; return 1; }; }

# One test at least must have run and passed.
tests_ran() {
    local summary total skipped
    summary=$(grep -oE 'Total: [0-9]+, Errors: [0-9]+, Failed: [0-9]+, Skipped: [0-9]+' "$1" | tail -n 1)
    [ -n "$summary" ] || { echo "no summary of tests"; return 1; }
    echo "$summary"
    total=$(sed -E 's/Total: ([0-9]+).*/\1/' <<< "$summary") skipped=$(sed -E 's/.*Skipped: ([0-9]+)/\1/' <<< "$summary")
    [ "$((total - skipped))" -gt 0 ]
}

# Libraries' kernels are checked, too, and known to be reported for what is no race: whose finding it is, the note says.
own_kernels=$(grep -oE '^  "[a-z0-9_]+"' kernels/budget.json | tr -d ' "')

sanitizer_clean() {
    local summary
    summary=$(grep -oE '(ERROR|RACECHECK) SUMMARY: .*' "$1" | tail -n 1)
    if [ -z "$summary" ]; then
        echo "no summary of the sanitizer; findings so far: $(grep -cE '^========= (Invalid|Error|Warning|Uninitialized|Misaligned)' "$1")"
        return 1
    fi
    echo "$summary; in kernels of this repository: $(grep -E '^=========.* at ' "$1" | grep -cwF "$own_kernels"); $(tests_ran "$1")"
    grep -qE 'SUMMARY: 0 (errors|hazards)' <<< "$summary" && tests_ran "$1" > /dev/null
}

parity_ran() {
    local summary
    summary=$(grep -oE '[0-9]+ ok, [0-9]+ failed, [0-9]+ absent' "$1" | tail -n 1)
    echo "${summary:-no summary of cases}"
    [ -n "$summary" ]
}

# some_of WORD NAME FILE: ", N NAME" where lines with the word are in the file.
some_of() {
    local count
    count=$(grep -c "$1" "$3") && echo ", $count $2"
}

rows_of() {
    local rows
    rows=$(grep -cE '^\| .*\|$' "$1")
    [ "$rows" -gt 1 ] || { echo "no table"; return 1; }
    echo "$((rows - 1)) rows$(some_of FAILED failed "$1")$(some_of 'not timed' 'not timed' "$1")"
}

lines_of() {
    echo "$(wc -l < "$1") rows$(some_of FAILED failed "$1")$(some_of 'not timed' 'not timed' "$1")"
    [ -s "$1" ]
}

# The first import on a fresh machine may outlast its step; by the time it is asked for again, the files are in memory.
has_torch() {
    if [ -z "${torch:-}" ]; then
        torch=no
        if grep -q '^Python .* PyTorch' "$work/log/machine" || timeout 60 "$python" -c 'import torch' > /dev/null 2>&1; then torch=yes; fi
    fi
    [ "$torch" = yes ]
}

tests=("$dotnet_root/dotnet" "$app/NativeRetrieval.CudaEmulator.Tests.dll" -noLogo -noColor)
cli=("$dotnet_root/dotnet" "$app/NativeRetrieval.Cli.dll")
benchmarks=("$dotnet_root/dotnet" "$app/NativeRetrieval.Benchmarks.dll")

describe_machine() {
    uname -srm
    if [ -z "$rehearse" ]; then nvidia-smi --query-gpu=name,driver_version,memory.total,compute_cap --format=csv,noheader || return 1; fi
    # Importing PyTorch on a fresh machine reads gigabytes; what comes later finds them in memory.
    "$python" -c 'import sys, torch
print("Python", sys.version.split()[0], "PyTorch", torch.__version__, "CUDA", torch.version.cuda,
      "cuDNN", torch.backends.cudnn.version())' || [ -n "$rehearse" ]
}

unpack_archive() { # ARCHIVE FOLDER
    mkdir -p "$2"
    if command -v xz > /dev/null; then tar -xJf "$1" -C "$2"
    else "$python" -c 'import sys, tarfile; tarfile.open(sys.argv[1], "r:xz").extractall(sys.argv[2])' "$1" "$2"; fi
}

unpack() {
    # The programs look for the checkout above them.
    rm -rf "$app"
    unpack_archive "$pack/app.tar.xz" "$app" && unpack_archive "$pack/dotnet.tar.xz" "$dotnet_root" || return 1
    "$dotnet_root/dotnet" --list-runtimes || return 1
    # Golden files of the checkout and those that were carried, in one folder.
    mkdir -p "$work/data/fixtures"
    if [ -n "$rehearse" ]; then cp -r tests/fixtures/{adam.safetensors,bert-tiny} "$work/data/fixtures/"; return; fi
    cp -r tests/fixtures/. "$work/data/fixtures/" || return 1
    if [ -d "$pack/fixtures" ]; then cp -r "$pack/fixtures/." "$work/data/fixtures/"; fi
}
export -f describe_machine unpack_archive unpack
export app dotnet_root pack work rehearse python

small=() rounds=10 begin_within=100
if [ "$part" = times ]; then begin_within=160; fi
if [ -n "$rehearse" ]; then
    small=(--small) rounds=1 begin_within=1200 budget=${NR_GPU_SECONDS:-1500}
    # A few tests show that the step works; .ci/run has all of them on the emulator.
    [ ${#test_filter[@]} -gt 0 ] || test_filter=(-class NativeRetrieval.CudaEmulator.Tests.Runtime.RuntimeTests)
    emulator=$root/tests/NativeRetrieval.CudaEmulator.Tests/obj/emulator
    tests/cuda-emulator/build.sh "$emulator" || { echo "run.sh: the emulator could not be built" >&2; exit 1; }
    export NATIVERETRIEVAL_CUDA_PATH=$emulator
    begin_ms=$(now_ms)
else
    export NATIVERETRIEVAL_TEST_GPU=1
fi

# Kept for PyTorch's times and the table, whatever the steps before them take: without these rows ours are compared with nothing.
kept=0
if wanted pytorch && [ -z "$rehearse" ]; then kept=110; fi

render
if wanted timings; then rm -f "$out"/timings-*.json; fi
step machine 60 anything bash -c describe_machine
if ! step runtime 60 anything bash -c unpack; then
    # Without .NET nothing of ours runs; the exit code says so, and the report shows what was not reached.
    echo "report: $report" >&2
    exit 1
fi
step doctor 40 anything "${cli[@]}" doctor
step tests 90 tests_ran "${tests[@]}" "${test_filter[@]}"
step parity 60 parity_ran "${cli[@]}" doctor --parity "$work/data/fixtures" --device cuda:0

step gradients 80 rows_of "${benchmarks[@]}" cuda-gradients "${small[@]}" --json "$out/gradients.json"

# Nothing runs beside what is timed. Rows come in the order of their worth; the last one that is begun has 20 s.
step timings $((begin_within + 20)) rows_of "${benchmarks[@]}" cuda --rounds "$rounds" "${small[@]}" --seconds "$begin_within" \
    --json "$out/timings-ours.json"

sanitizer=$(command -v compute-sanitizer || ls /usr/local/cuda*/bin/compute-sanitizer 2> /dev/null | head -n 1)
if [ -n "$rehearse" ]; then
    skip memcheck "the emulator checks every access itself"
    # The tests without the sanitizer: which they are is what can be rehearsed.
    step racecheck 110 tests_ran "${tests[@]}" "${race_filter[@]}"
elif [ -z "$sanitizer" ]; then
    cannot memcheck "no compute-sanitizer on this machine"
    cannot racecheck "no compute-sanitizer on this machine"
else
    # Both at once: the GPU is slowed down by the checks, not filled. Without the carried golden files the full-size models, which would
    # take minutes, skip.
    sanitize() { # TOOL LIMIT_S TESTS...
        step "$1" "$2" sanitizer_clean env NATIVERETRIEVAL_SHARED="$work/none" CUDA_MODULE_LOADING=LAZY \
            "$sanitizer" --tool "$1" --error-exitcode 86 --report-api-errors no --print-limit 200 "${tests[@]}" "${@:3}"
    }
    sanitize memcheck 100 "${sanitizer_filter[@]}" &
    sanitize racecheck 60 "${race_filter[@]}" &
    wait
fi

values=$work/pytorch-values.json peers=()
if has_torch; then
    step pytorch-values 50 true "$python" benchmarks/peers/torch_gpu.py parity --out "$values" "${small[@]}" \
        --training-small tests/fixtures/training-small.safetensors
else
    cannot pytorch-values "$python has no PyTorch"
fi
if [ -e "$values" ]; then step pytorch-parity 40 rows_of "${benchmarks[@]}" cuda --parity "$values" --parity-only
else cannot pytorch-parity "PyTorch's values are not there"; fi

step timed-sizes 75 rows_of "${benchmarks[@]}" cuda-gradients --timed-sizes "${small[@]}" --json "$out/timed-sizes.json"

profile_step() { # NCU ROUNDS [--small]: more launches than two steps have, after those that choose algorithms
    "$1" --csv --page raw --print-units base --log-file "$work/ncu.csv" --launch-skip 2500 --launch-count 2000 \
        --clock-control none --cache-control none \
        --metrics gpu__time_duration.sum,dram__bytes_read.sum,dram__bytes_write.sum,launch__grid_size,launch__block_size \
        "$dotnet_root/dotnet" "$root/$app/NativeRetrieval.Benchmarks.dll" cuda --workload training-step --precision tf32 --no-graphs \
        --rounds "${@:2}" > "$work/ncu.out" \
        || { tail -n 5 "$work/ncu.out" "$work/ncu.csv"; return 1; }
    "$python" tests/gpu/kernel-table.py "$work/ncu.csv"
}
export -f profile_step
export root
ncu=$(command -v ncu || ls /usr/local/cuda*/bin/ncu /opt/nvidia/nsight-compute/*/ncu 2> /dev/null | tail -n 1)
profiled=20
if [ -n "$rehearse" ]; then
    # Stands in for ncu: runs the program, and writes the launches of a step in ncu's form. Options with a value, then the program.
    cat > "$work/ncu" << 'END'
#!/usr/bin/env bash
while [[ $1 == --* ]]; do
    case $1 in --csv) shift; continue ;; --log-file) log=$2 ;; esac
    shift 2
done
"$@" || exit 1
printf '%s\n' '==PROF== text' '"ID","Kernel Name","gpu__time_duration.sum","dram__bytes_read.sum","dram__bytes_write.sum"' \
    '"","","ns","byte","byte"' \
    '"0","adam_step_f32","1,000","2000","0"' '"1","relu_forward_f32","500","1,000","1000"' '"2","adam_step_f32","1500","3000","0"' > "$log"
END
    chmod +x "$work/ncu"
    ncu=$work/ncu profiled=1
fi
if [ -z "$ncu" ]; then skip kernels "no ncu on this machine"
else step kernels 60 rows_of bash -c 'profile_step "$@"' profile "$ncu" "$profiled" "${small[@]}"; fi

# All the time that is left but what the table takes: rows come in the order of their worth.
kept=0
left=$((budget - ($(now_ms) - begin_ms) / 1000 - 25))
if has_torch; then step pytorch $((left > 10 ? left : 10)) lines_of "$python" benchmarks/peers/torch_gpu.py time \
    --out "$out/timings-pytorch-eager.json" --compiled "$out/timings-pytorch-compiled.json" \
    --seconds $((left > 50 ? left - 45 : 5)) --rounds "$rounds" "${small[@]}"
else cannot pytorch "$python has no PyTorch"; fi

for mode in eager compiled; do
    [ -e "$out/timings-pytorch-$mode.json" ] && peers+=("$out/timings-pytorch-$mode.json")
done
if [ -e "$out/timings-ours.json" ]; then step table 20 rows_of "${benchmarks[@]}" cuda-table "$out/timings-ours.json" "${peers[@]}"
else cannot table "ours was not timed"; fi

failed=0
for id in "${steps[@]}"; do
    case $(status_of "$id") in ok | skipped) ;; *) failed=$((failed + 1)) ;; esac
done
render
if [ -z "$rehearse" ]; then
    mkdir -p "benchmarks/results/$folder" && cp "$report" "benchmarks/results/$folder/"
fi
cat "$report"
echo "report: $report; $failed of ${#steps[@]} steps failed" >&2
[ "$failed" = 0 ]
