#!/usr/bin/env python3
"""The PyTorch peer of the benchmarks' `cuda` mode: the same numbers to be held to, the same work to be timed.

    torch_gpu.py parity --out FILE [--small] [--training-small tests/fixtures/training-small.safetensors]
    torch_gpu.py time --out FILE [--compile] [--rounds N] [--seconds N] [--small]

Both write one JSON document; `time` rewrites it after each workload, so that who is killed leaves what was timed.
Without a GPU it computes on the CPU, which proves the script and says nothing about speed.
"""
import argparse
import json
import os
import statistics
import sys
import time

import torch

import torch_parity
from torch_models import Bert, Cnn14, LogMel, ResNet38, RetrievalModel, fill, nt_xent, spec_augment

WARM_UPS, ROUND_MS, WORKLOAD_MS, MOST_REPEATS, FEWEST_ROUNDS = 3, 5.0, 1000.0, 100, 5  # as DeviceTimer.cs

# As WorkloadSizes.cs; shapes are called alike, so that the tables find each other's rows.
FULL = dict(
    cnn14=(64, 128, 256, 512, 1024, 2048), resnet38=(64, 64, 128, 256, 512, 2048),
    bert=dict(vocabulary=30522, width=768, layers=12, heads=12, hidden=3072, positions=512), head=2048, dimension=1024,
    frames=1001, samples=320000, clips=(1, 32), training=(4, 32), sentences=32, tokens=32, pairs=(32, 1024),
    copy=1 << 30, products=((8192, 8192, 8192), (1024, 3072, 768)), clip="10 s")
SMALL = dict(
    cnn14=(8, 12, 16, 24, 32, 48), resnet38=(4, 4, 8, 8, 16, 32),
    bert=dict(vocabulary=211, width=24, layers=2, heads=3, hidden=40, positions=20), head=64, dimension=32,
    frames=66, samples=1600, clips=(1, 2), training=(4,), sentences=2, tokens=12, pairs=(8,),
    copy=1 << 16, products=((64, 64, 64), (33, 40, 24)), clip="0.65 s")


class Peer:
    """Builds the workloads: each is a function that queues one run."""

    def __init__(self, sizes, device, compiled):
        self.sizes, self.device, self.compiled = sizes, device, compiled
        self.precision = "fp32"

    def prepared(self, function):
        # Dynamic shapes would compile something slower than what one fixed size can have.
        return torch.compile(function, dynamic=False) if self.compiled else function

    def random(self, *shape):
        return torch.rand(*shape, device=self.device) * 2 - 1

    def workloads(self):
        """(name, shape, function that prepares it, precision), the most telling first."""
        found = list(self.compiled_workloads() if self.compiled else self.eager_workloads())
        return [(name, shape, prepare, precision) for name, shape, prepare, precisions in found for precision in precisions]

    def eager_workloads(self):
        sizes, every = self.sizes, ("fp32", "tf32", "bf16")
        size = sizes["copy"]
        text = f"{size >> 30} GiB" if size >= 1 << 30 else f"{size >> 10} KiB"
        yield "copy", f"{text} on the device", lambda: self.copy(size), ("fp32",)
        for m, n, k in sizes["products"]:
            yield "gemm", f"{m} x {n} x {k} (m n k)", lambda m=m, n=n, k=k: self.product(m, n, k), every
        for pairs in sizes["training"]:
            yield self.step(pairs, every)
        for kind in (Cnn14, ResNet38):
            for clips in sizes["clips"]:
                yield self.encoder(kind, clips, every)
        yield "bert", f"{sizes['sentences']} x {sizes['tokens']} tokens", self.text, every
        yield "logmel", f"{sizes['clips'][-1]} x {sizes['clip']}", self.log_mel, ("fp32",)
        for pairs in sizes["pairs"]:
            yield self.loss(pairs, ("fp32", "tf32"))

    def compiled_workloads(self):
        """Each takes a compilation of up to a minute: the large shapes alone, in what is likely to be used."""
        sizes = self.sizes
        yield self.step(sizes["training"][-1], ("tf32",))
        yield self.encoder(Cnn14, sizes["clips"][-1], ("tf32",))
        yield "bert", f"{sizes['sentences']} x {sizes['tokens']} tokens", self.text, ("tf32",)
        yield self.encoder(ResNet38, sizes["clips"][-1], ("tf32",))
        yield self.loss(sizes["pairs"][-1], ("tf32",))
        yield "logmel", f"{sizes['clips'][-1]} x {sizes['clip']}", self.log_mel, ("fp32",)
        yield self.step(sizes["training"][-1], ("fp32", "bf16"))
        yield self.encoder(Cnn14, sizes["clips"][-1], ("fp32", "bf16"))

    def step(self, pairs, precisions):
        return "training-step", f"{pairs} x {self.sizes['clip']}", lambda: self.training_step(pairs), precisions

    def encoder(self, kind, clips, precisions):
        name = kind.__name__.lower()
        return name, f"{clips} x {self.sizes['clip']}", lambda: self.audio(kind, self.sizes[name], clips), precisions

    def loss(self, pairs, precisions):
        return "nt-xent", f"{pairs} x {self.sizes['dimension']}, with gradients", lambda: self.nt_xent(pairs), precisions

    def copy(self, size):
        source = self.random(size // 4)
        target = torch.empty_like(source)
        return lambda: target.copy_(source)

    def product(self, m, n, k):
        a, b = self.random(m, k), self.random(k, n)
        if self.precision == "bf16":
            # The inputs of a bf16 product are bf16: converting them is not its work.
            a, b = a.bfloat16(), b.bfloat16()
        return lambda: a @ b

    def audio(self, kind, channels, clips):
        model = fill(kind(channels).to(self.device)).eval()
        x = self.random(clips, 1, self.sizes["frames"], 64) * 30 - 40
        return self.inference(model, x)

    def text(self):
        model = fill(Bert(**self.sizes["bert"]).to(self.device)).eval()
        return self.inference(model, self.captions(self.sizes["sentences"]))

    def inference(self, model, *inputs):
        forward = self.prepared(model)

        def run():
            with torch.no_grad():
                forward(*inputs)
        return run

    def captions(self, sentences):
        count = sentences * self.sizes["tokens"]
        ids = 1 + torch.arange(count, device=self.device) * 7919 % (self.sizes["bert"]["vocabulary"] - 1)
        return ids.view(sentences, self.sizes["tokens"])

    def training_step(self, pairs):
        sizes = self.sizes
        model = RetrievalModel(Cnn14(sizes["cnn14"]), sizes["cnn14"][-1], Bert(**sizes["bert"]), sizes["bert"]["width"], sizes["head"], sizes["dimension"])
        model = fill(model.to(self.device)).train()
        adam = torch.optim.Adam(model.parameters(), lr=1e-4, **({"fused": True} if self.device.type == "cuda" else {}))
        log_mel = self.random(pairs, 1, sizes["frames"], 64) * 30 - 40
        ids = self.captions(pairs)
        loss_of = self.prepared(lambda x, ids: nt_xent(*model(spec_augment(x), ids)))

        def run():
            adam.zero_grad(set_to_none=True)
            loss_of(log_mel, ids).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 2.0)
            adam.step()
        return run

    def log_mel(self):
        waveform = self.random(self.sizes["clips"][-1], self.sizes["samples"]) / 2
        return self.inference(LogMel().to(self.device), waveform)

    def nt_xent(self, pairs):
        a, t = (self.random(pairs, self.sizes["dimension"]).requires_grad_() for _ in range(2))
        loss_of = self.prepared(nt_xent)

        def run():
            a.grad = t.grad = None
            loss_of(a, t).backward()
        return run


class Timer:
    """Medians of CUDA events around the work; on the CPU, of its clock."""

    def __init__(self, device, rounds, small):
        self.device, self.rounds, self.small = device, rounds, small

    def milliseconds(self, run, repeats):
        if self.device.type != "cuda":
            start = time.perf_counter()
            for _ in range(repeats):
                run()
            return (time.perf_counter() - start) * 1e3
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        for _ in range(repeats):
            run()
        end.record()
        torch.cuda.synchronize()
        return start.elapsed_time(end)

    def median(self, run):
        self.milliseconds(run, 1 if self.small else WARM_UPS)
        estimate = max(self.milliseconds(run, 1), 1e-3)
        if self.small:
            repeats, count = 1, self.rounds
        else:
            repeats = int(min(max(-(-ROUND_MS // estimate), 1), MOST_REPEATS))
            count = int(min(max(WORKLOAD_MS / (estimate * repeats), min(FEWEST_ROUNDS, self.rounds)), self.rounds))
        return statistics.median(self.milliseconds(run, repeats) / repeats for _ in range(count))


def write(path, document):
    """Replaces the file whole."""
    with open(path + ".new", "w") as file:
        json.dump(document, file)
    os.replace(path + ".new", path)


def set_precision(precision):
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "tf32"
    return torch.autocast(device_type="cuda" if torch.cuda.is_available() else "cpu", dtype=torch.bfloat16, enabled=precision == "bf16")


def time_all(arguments, device):
    # The peer chooses its convolutions by trying them, as who wants it fast sets it.
    torch.backends.cudnn.benchmark = True
    name = torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
    mode = "compiled" if arguments.compile else "eager"
    document = dict(schema_version=1, program=f"PyTorch {torch.__version__.split('+')[0]} {mode}", device=name, rows=[])
    failed = 0
    began = time.monotonic()
    peer, timer = Peer(SMALL if arguments.small else FULL, device, arguments.compile), Timer(device, arguments.rounds, arguments.small)
    for workload, shape, prepare, peer.precision in peer.workloads():
        if device.type != "cuda" and peer.precision != "fp32":
            continue
        row = dict(workload=workload, shape=shape, precision=peer.precision)
        if time.monotonic() - began > arguments.seconds:
            row["note"] = f"not timed: {arguments.seconds} s were over"
        else:
            try:
                if arguments.compile:
                    torch._dynamo.reset()
                with set_precision(peer.precision):
                    row["milliseconds"] = timer.median(prepare())
            except Exception as error:  # one workload that fails must not take the others' figures with it; the exit code tells
                row["note"] = f"FAILED {type(error).__name__}: {error}".splitlines()[0]
                failed += 1
        document["rows"].append(row)
        print(workload, shape, peer.precision, row.get("milliseconds", row.get("note")), flush=True)
        write(arguments.out, document)
        if device.type == "cuda":
            torch.cuda.empty_cache()
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=["parity", "time"])
    parser.add_argument("--out", required=True, help="where the JSON document goes")
    parser.add_argument("--small", action="store_true", help="tiny sizes, as on the emulator")
    parser.add_argument("--compile", action="store_true", help="time what torch.compile makes of the models")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=3600, help="after these no further workload is begun")
    parser.add_argument("--training-small", metavar="FILE", help="golden training run to repeat")
    arguments = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if arguments.mode == "parity":
        write(arguments.out, torch_parity.document(device, arguments.small, arguments.training_small))
        return 0
    if arguments.compile and not hasattr(torch, "compile"):
        print(f"PyTorch {torch.__version__} has no torch.compile", file=sys.stderr)
        return 1
    return time_all(arguments, device)


if __name__ == "__main__":
    sys.exit(main())
