"""Training on 1 to 64 GPUs, on paper: measured steps of one H100, published rates, and nothing else.

python3 benchmarks/scaling/scaling.py      prints the tables of README.md beside it
"""
import json
import math
import os

RESULTS = os.path.join(os.path.dirname(__file__), "..", "results", "nvidia-h100-80gb-hbm3", "2026-11-27-ab6b81a-timings.json")

PARAMETERS = 193e6                 # CNN14, BERT-base and the projections; gradients are float32
BUCKET_BYTES = 25e6
EMBEDDING_BYTES = 2 * 1024 * 4     # of a pair: sound and caption
GPUS_PER_NODE = 8
NVLINK = 450e9                     # bytes/s of one H100 in each direction (900 GB/s both ways, NVIDIA H100 SXM)
EFFICIENCY = 0.8                   # of a published rate that a ring of large messages reaches
HOP_SECONDS = {"NVLink": 5e-6, "network": 15e-6}
OVERLAPPED = 0.5                   # of a step: the backward pass is two thirds of it, and its first gradients come a little later
FEATURE_BYTES = 1001 * 64 * 4      # log-mel of 10 s, float32, as the cache keeps it

NETWORKS = {
    "8 x 400 Gb/s (one per GPU)": 8 * 50e9,
    "1 x 100 Gb/s (one per node)": 12.5e9,
}


def steps():
    """Seconds of a step of b clips of 10 s: the line through the measured 4 and 32 clips, by precision."""
    with open(RESULTS, encoding="utf-8") as file:
        rows = [row for row in json.load(file)["rows"] if row["workload"] == "training-step"]
    lines = {}
    for precision in ("fp32", "tf32"):
        four, many = (next(row["milliseconds"] for row in rows if row["precision"] == precision and row["shape"] == shape) / 1e3
                      for shape in ("4 x 10 s", "32 x 10 s"))
        each = (many - four) / 28
        lines[precision] = (many - 32 * each, each)
    return lines


def exchange(gpus, clips, network):
    """Seconds of a step's exchange, and what limits it."""
    if gpus == 1:
        return 0.0, "-"
    spans_nodes = gpus > GPUS_PER_NODE
    # All rings of a node together: each GPU's ring has a NIC of its own, or they share one.
    rate = NVLINK if not spans_nodes else min(NVLINK, network)
    volume = 2 * (gpus - 1) / gpus * PARAMETERS * 4 + (gpus - 1) * clips * EMBEDDING_BYTES
    buckets = math.ceil(PARAMETERS * 4 / BUCKET_BYTES) + 1
    hop = HOP_SECONDS["network" if spans_nodes else "NVLink"]
    # NCCL's trees take log2 hops up and as many down.
    latency = buckets * 2 * math.ceil(math.log2(gpus)) * hop
    return volume / (rate * EFFICIENCY) + latency, "network" if spans_nodes and rate < NVLINK else "NVLink"


def row(gpus, clips, line, network):
    fixed, each = line
    compute = fixed + each * clips
    total, link = exchange(gpus, clips, network)
    last = 0.0 if gpus == 1 else total / math.ceil(PARAMETERS * 4 / BUCKET_BYTES)
    shown = max(last, total - OVERLAPPED * compute) if gpus > 1 else 0.0
    step = compute + shown
    if shown > 0.05 * step:
        limit = link
    elif fixed > each * clips:
        limit = "small batch"
    else:
        limit = "computation"
    return step, total, shown, gpus * clips / step, limit


def table(title, rows, pairs):
    print(f"\n{title}\n")
    print("| GPUs | clips per GPU | step, ms | exchange, ms | of it not hidden, ms | clips/s | per GPU, of one alone | an epoch "
          "| features, GB/s per node | bottleneck |")
    print("|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|")
    alone = None
    for gpus, clips, (step, total, shown, rate, limit) in rows:
        alone = alone or rate
        epoch = pairs / rate
        time = f"{epoch / 60:.1f} min" if epoch >= 60 else f"{epoch:.0f} s"
        node = rate / gpus * min(gpus, GPUS_PER_NODE) * FEATURE_BYTES / 1e9
        print(f"| {gpus} | {clips} | {step * 1e3:.1f} | {total * 1e3:.1f} | {shown * 1e3:.1f} | {rate:,.0f} | {rate / gpus / alone:.0%} "
              f"| {time} | {node:.2f} | {limit} |")


def main():
    lines = steps()
    for precision, line in lines.items():
        print(f"step of b clips, {precision}: {line[0] * 1e3:.2f} ms + {line[1] * 1e3:.3f} ms x b")
    counts = (1, 2, 4, 8, 16, 32, 64)
    for name, network in NETWORKS.items():
        for precision, line in lines.items():
            table(f"WavCaps-sized, 403,050 clips of 10 s, 32 clips per GPU, {precision}, {name}",
                  [(n, 32, row(n, 32, line, network)) for n in counts], 403_050)
    for name, network in NETWORKS.items():
        table(f"The report's recipe, 19,195 pairs, 32 clips in all, tf32, {name}",
              [(n, 32 // n, row(n, 32 // n, lines["tf32"], network)) for n in counts if n <= 32], 19_195)


if __name__ == "__main__":
    main()
