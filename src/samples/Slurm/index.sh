#!/bin/bash
# Indexes sounds by a Slurm job array: each task takes one share, decided by the sounds' content.
#
#   sbatch --export=ALL,SOUNDS=/data/sounds,MODEL=/data/model,SHARDS_FOLDER=/data/shards index.sh
#   nativeretrieval index shards /data/shards                                              # which are complete
#   sbatch --array="$(nativeretrieval index shards /data/shards --missing)" --export=… index.sh   # the others again
#   nativeretrieval index merge /data/shards --to sounds.nrx                               # or --to postgres://…
#
# A task whose sounds cannot all be read ends well, its share is complete; the log names them.
#
# The number of shares stands here and not in SLURM_ARRAY_TASK_COUNT, which is smaller when only some tasks run again.
#SBATCH --job-name=nativeretrieval-index
#SBATCH --array=1-64
#SBATCH --cpus-per-task=8
#SBATCH --mem=8G
#SBATCH --time=24:00:00
#SBATCH --requeue
#SBATCH --output=index-%A-%a.log
set -euo pipefail
shares=64

export NATIVERETRIEVAL_THREADS=${SLURM_CPUS_PER_TASK:-8}

index=(nativeretrieval index "${SOUNDS:?folder with the sounds}" --model "${MODEL:?model folder}"
    --to "${SHARDS_FOLDER:?folder of the shards}" --shard "${SLURM_ARRAY_TASK_ID:?run it by sbatch}/$shares" --json)

# Slurm's TERM, shortly before the time is up, is passed on and stops the run cleanly: what is committed stays, and the same task goes on
# from there. It ends the first wait, not the run, and may come before the run has begun.
run="" code=0 stopped=no
trap 'stopped=yes; [ -z "$run" ] || kill -TERM "$run" 2> /dev/null || :' TERM
"${index[@]}" &
run=$!
[ $stopped = no ] || kill -TERM "$run" 2> /dev/null || :
wait "$run" || code=$?
if [ $stopped = yes ]; then
    last=0
    wait "$run" || last=$?
    [ $last = 127 ] || code=$last
fi

# 3: some sounds cannot be read. A task that failed would keep `--dependency=afterok` from merging.
[ "$code" != 3 ] || code=0
exit "$code"
