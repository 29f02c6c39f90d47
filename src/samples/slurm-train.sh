#!/usr/bin/env bash
# Trains on all GPUs of a Slurm job, one task for each:
#   sbatch --nodes=4 src/samples/slurm-train.sh train.csv clips runs/large [more options of train]
# Every task finds its rank, the number of ranks and their meeting place in srun's environment. When a task or a machine dies, all
# others end within seconds, with exit code 6 and a message that names it; the job then goes to the queue again and resumes from the last
# checkpoint.
#SBATCH --job-name=nativeretrieval
#SBATCH --ntasks-per-node=8
#SBATCH --gpus-per-node=8
#SBATCH --cpus-per-task=8
#SBATCH --time=24:00:00
#SBATCH --signal=TERM@120
#SBATCH --requeue
#SBATCH --open-mode=append
set -euo pipefail
csv=${1:?usage: sbatch slurm-train.sh CSV AUDIO RUN [OPTION...]}
audio=${2:?usage: sbatch slurm-train.sh CSV AUDIO RUN [OPTION...]}
run=${3:?usage: sbatch slurm-train.sh CSV AUDIO RUN [OPTION...]}
shift 3

# A secret of this job: processes that do not have it cannot join.
NATIVERETRIEVAL_JOB_KEY=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
export NATIVERETRIEVAL_JOB_KEY
# Threads for decoding sounds beside each GPU.
export NATIVERETRIEVAL_THREADS=${SLURM_CPUS_PER_TASK:-8}

resume=()
[ ! -e "$run/run.json" ] || resume=(--resume)

# The folder of the run is one that all machines see. Without --kill-on-bad-exit, so that each rank says why the job ended.
code=0
srun nativeretrieval train "$csv" --audio "$audio" --to "$run" "${resume[@]}" "$@" || code=$?

# 6: another rank died; 130: the time is nearly over. Both go on from the last checkpoint; what kills a rank again and again ends here.
case $code in
    130) scontrol requeue "$SLURM_JOB_ID" ;;
    6) [ "${SLURM_RESTART_COUNT:-0}" -ge 20 ] || scontrol requeue "$SLURM_JOB_ID" ;;
esac
exit "$code"
