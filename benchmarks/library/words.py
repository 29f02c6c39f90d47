#!/usr/bin/env python3
"""mAP@10 of a library's captions as queries: by sound alone, by words alone, fused.

usage: words.py NATIVERETRIEVAL INDEX NAMES.csv [--query-bank FILE] [--half 0|1] [WEIGHT ...]
NAMES.csv has the columns file_name, a path below the indexed folder, and caption; rows without a caption are no queries. Each distinct
caption is one query, and every file that carries it is relevant. The captions themselves are not in the index. --half takes the captions of
even or odd places alone: what is chosen on one half is reported on the other. --query-bank adds the rankings with hubs taken down by the
sentences of a file (search --query-bank).
"""
import argparse, collections, csv, json, subprocess


def answers(program, index, queries, weight, bank=None):
    lines = "".join(json.dumps({"id": i, "query": query}) + "\n" for i, query in enumerate(queries))
    banked = ["--query-bank", bank] if bank else []
    run = subprocess.run([program, "search", "--queries", "-", "--index", index, "--weight", str(weight), "--top", "1000", "--quiet",
                          *banked], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line)["hits"] for line in run.stdout.splitlines()]


def average_precision(ranked, relevant):
    found, total = 0, 0.0
    for place, path in enumerate(ranked[:10], 1):
        if any(path.endswith("/" + name) for name in relevant):
            found += 1
            total += found / place
    return total / min(10, len(relevant))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("index")
    parser.add_argument("names")
    parser.add_argument("weights", nargs="*")
    parser.add_argument("--query-bank")
    parser.add_argument("--half", type=int)
    asked = parser.parse_intermixed_args()
    files = collections.defaultdict(list)
    for row in csv.DictReader(open(asked.names, encoding="utf-8")):
        if row["caption"].strip():
            files[row["caption"].strip()].append(row["file_name"])
    queries = list(files) if asked.half is None else list(files)[asked.half::2]

    def show(label, rankings):
        values = [average_precision(ranked, files[query]) for query, ranked in zip(queries, rankings)]
        first = [any(ranked and ranked[0].endswith("/" + name) for name in files[query]) for query, ranked in zip(queries, rankings)]
        print(f"| {label} | {sum(values) / len(values):.3f} | {sum(first) / len(first):.3f} |")

    def by(rank, found):
        return [[hit["path"] for hit in sorted((hit for hit in hits if hit[rank] is not None), key=lambda hit: hit[rank])]
                for hits in found]

    print(f"| {len(queries)} queries | mAP@10 | R@1 |\n|---|---:|---:|")
    sound = answers(asked.program, asked.index, queries, 0)
    show("sound alone (`--weight 0`)", [[hit["path"] for hit in hits] for hits in sound])
    if asked.query_bank:
        banked = answers(asked.program, asked.index, queries, 0, asked.query_bank)
        show("sound alone, `--query-bank`", [[hit["path"] for hit in hits] for hits in banked])
    fused = {weight: answers(asked.program, asked.index, queries, weight) for weight in asked.weights or ["1"]}
    any_weight = next(iter(fused.values()))
    show("words alone", by("word_rank", any_weight))
    show("meaning of texts alone", by("meaning_rank", any_weight))
    for weight, found in fused.items():
        show(f"fused, `--weight {weight}`", [[hit["path"] for hit in hits] for hits in found])
        if asked.query_bank:
            banked = answers(asked.program, asked.index, queries, weight, asked.query_bank)
            show(f"fused, `--weight {weight} --query-bank`", [[hit["path"] for hit in hits] for hits in banked])


main()
