#!/usr/bin/env python3
"""Time and bytes of each kernel of one training step, from Nsight Compute's CSV: kernel-table.py NCU.csv

The step lies between two launches of the kernel that ends one, Adam's; without two of them all launches are counted.
"""
import csv
import sys

TIME, READ, WRITTEN = "gpu__time_duration.sum", "dram__bytes_read.sum", "dram__bytes_write.sum"  # ns, bytes, bytes
LAST_OF_A_STEP = "adam_step"


def launches(path):
    """(kernel, ns, bytes) in the order of launches; the second line of the file holds units."""
    with open(path, newline="") as file:
        lines = [line for line in file if line.startswith('"')]
    for row in csv.DictReader(lines):
        if row["ID"].isdigit():
            time, read, written = (float(row[name].replace(",", "")) for name in (TIME, READ, WRITTEN))
            yield row["Kernel Name"], time, read + written


def main(path):
    found = list(launches(path))
    if not found:
        print(f"error: {path} holds no kernel; ncu may lack the right to read the GPU's counters", file=sys.stderr)
        return 1
    ends = [i for i, (name, _, _) in enumerate(found) if name.startswith(LAST_OF_A_STEP)]
    if len(ends) > 1:
        found = found[ends[0] + 1:ends[1] + 1]
    total = sum(time for _, time, _ in found)
    scope = "One training step" if len(ends) > 1 else "No whole step: all launches that were seen"
    print(f"{scope}: {len(found)} kernels, {total / 1e6:.3f} ms of kernels, "
          f"{sum(size for _, _, size in found) / 1e9:.2f} GB of DRAM traffic.")
    print()
    print("| kernel | launches | us | of all | MB | GB/s |")
    print("|---|---:|---:|---:|---:|---:|")
    names = {name: [launch for launch in found if launch[0] == name] for name, _, _ in found}
    for name, own in sorted(names.items(), key=lambda item: -sum(time for _, time, _ in item[1])):
        time, size = sum(time for _, time, _ in own), sum(size for _, _, size in own)
        short = name.replace("|", "/")[:100]
        print(f"| {short} | {len(own)} | {time / 1e3:.1f} | {time / total:.1%} | {size / 1e6:.1f} | {size / max(time, 1):.0f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]) if len(sys.argv) == 2 else "usage: kernel-table.py NCU.csv")
