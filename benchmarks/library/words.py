#!/usr/bin/env python3
"""mAP@10 of a library's captions as queries: by sound alone, by words alone, fused.

usage: words.py NATIVERETRIEVAL INDEX NAMES.csv [WEIGHT ...]
NAMES.csv has the columns file_name, a path below the indexed folder, and caption; rows without a caption are no queries. Each distinct
caption is one query, and every file that carries it is relevant. The captions themselves are not in the index.
"""
import collections, csv, json, subprocess, sys


def answers(program, index, queries, weight):
    lines = "".join(json.dumps({"id": i, "query": query}) + "\n" for i, query in enumerate(queries))
    run = subprocess.run([program, "search", "--queries", "-", "--index", index, "--weight", str(weight), "--top", "1000", "--quiet"],
                         input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line)["hits"] for line in run.stdout.splitlines()]


def average_precision(ranked, relevant):
    found, total = 0, 0.0
    for place, path in enumerate(ranked[:10], 1):
        if any(path.endswith("/" + name) for name in relevant):
            found += 1
            total += found / place
    return total / min(10, len(relevant))


def main():
    program, index, names, *weights = sys.argv[1:]
    files = collections.defaultdict(list)
    for row in csv.DictReader(open(names, encoding="utf-8")):
        if row["caption"].strip():
            files[row["caption"].strip()].append(row["file_name"])
    queries = list(files)

    def show(label, rankings):
        values = [average_precision(ranked, files[query]) for query, ranked in zip(queries, rankings)]
        first = [any(ranked and ranked[0].endswith("/" + name) for name in files[query]) for query, ranked in zip(queries, rankings)]
        print(f"| {label} | {sum(values) / len(values):.3f} | {sum(first) / len(first):.3f} |")

    print(f"| {len(queries)} queries | mAP@10 | R@1 |\n|---|---:|---:|")
    show("sound alone (`--weight 0`)", [[hit["path"] for hit in hits] for hits in answers(program, index, queries, 0)])
    fused = {weight: answers(program, index, queries, weight) for weight in weights or ["1"]}
    words = [sorted((hit for hit in hits if hit["word_rank"] is not None), key=lambda hit: hit["word_rank"])
             for hits in next(iter(fused.values()))]
    show("words alone", [[hit["path"] for hit in hits] for hits in words])
    for weight, found in fused.items():
        show(f"fused, `--weight {weight}`", [[hit["path"] for hit in hits] for hits in found])


main()
