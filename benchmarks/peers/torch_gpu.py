#!/usr/bin/env python3
"""The PyTorch peer of the benchmarks' `cuda` mode: the same numbers to be held to, the same work to be timed.

    torch_gpu.py parity --out FILE [--small] [--training-small tests/fixtures/training-small.safetensors]
    torch_gpu.py time --out EAGER [--compiled COMPILED] [--rounds N] [--seconds N] [--small]

Each document is JSON; `time` rewrites it after each workload, so that who is killed leaves what was timed. With --compiled, one
process times both: the rows that matter most first, as they are and by torch.compile.
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

WARM_UPS, ROUND_MS, WORKLOAD_MS, MOST_REPEATS, FEWEST_ROUNDS = 3, 100.0, 400.0, 100, 5  # as DeviceTimer.cs

# As WorkloadSizes.cs; shapes are called alike, so that the tables find each other's rows.
FULL = dict(
    cnn14=(64, 128, 256, 512, 1024, 2048), resnet38=(64, 64, 128, 256, 512, 2048),
    bert=dict(vocabulary=30522, width=768, layers=12, heads=12, hidden=3072, positions=512), head=2048, dimension=1024,
    frames=1001, samples=320000, clips=(32, 1), training=(32, 4), sentences=32, tokens=32, pairs=(32, 1024),
    copy=1 << 30, products=((8192, 8192, 8192), (1024, 3072, 768)), clip="10 s")
SMALL = dict(
    cnn14=(8, 12, 16, 24, 32, 48), resnet38=(4, 4, 8, 8, 16, 32),
    bert=dict(vocabulary=211, width=24, layers=2, heads=3, hidden=40, positions=20), head=64, dimension=32,
    frames=66, samples=1600, clips=(2, 1), training=(4,), sentences=2, tokens=12, pairs=(8,),
    copy=1 << 16, products=((64, 64, 64), (33, 40, 24)), clip="0.65 s")


def gibibytes(size):
    return f"{size >> 30} GiB" if size >= 1 << 30 else f"{size >> 10} KiB"


def shape_of(name, inputs, clip):
    """The label that the tensors of a workload have: a row under another one would be compared with what it is not."""
    first, rows = inputs[0], inputs[0].shape[0]
    if name == "copy":
        return f"{gibibytes(first.numel() * first.element_size())} on the device"
    if name == "gemm":
        return f"{rows} x {inputs[1].shape[1]} x {first.shape[1]} (m n k)"
    if name == "bert":
        return f"{rows} x {first.shape[1]} tokens"
    if name == "nt-xent":
        return f"{rows} x {first.shape[1]}, with gradients"
    return f"{rows} x {clip}"


class Peer:
    """Builds the workloads: each is a function that queues one run."""

    def __init__(self, sizes, device):
        self.sizes, self.device = sizes, device
        self.precision, self.compiled, self.inputs = "fp32", False, ()

    def prepared(self, function):
        # Dynamic shapes would compile something slower than what one fixed size can have.
        return torch.compile(function, dynamic=False) if self.compiled else function

    def random(self, *shape):
        return torch.rand(*shape, device=self.device) * 2 - 1

    def workloads(self, compiled):
        """(compiled, name, shape, function that prepares it, precision), the most telling first."""
        sizes, fast, exact = self.sizes, ("tf32", "bf16"), ("fp32",)
        every = ("fp32", *fast)
        batch, few = sizes["clips"][0], sizes["training"][-1]
        products = [self.gemm(*product, every) for product in sizes["products"]]
        step = lambda precisions: self.step(sizes["training"][0], precisions)
        encoders = lambda precisions: [self.encoder(Cnn14, batch, precisions), self.bert(precisions)]
        loss = lambda precisions: self.loss(sizes["pairs"][-1], precisions)
        # Those that ours is to be faster than, as they are: seconds each. Then what the compiler makes of them: each takes up to a minute.
        order = [(False, work) for work in (self.copies(exact), products[0], step(every), self.step(few, fast), *encoders(fast))]
        order += [(False, work) for work in (self.encoder(ResNet38, batch, ("tf32",)), loss(("fp32", "tf32")), self.mel(exact))]
        compiled = (step(("tf32", "bf16", "fp32")), *encoders(fast), loss(("tf32",)), self.mel(exact),
                    self.encoder(ResNet38, batch, ("tf32",)))
        order += [(True, work) for work in compiled]
        order += [(False, work) for work in (self.step(few, exact), *encoders(exact), self.encoder(ResNet38, batch, ("bf16", "fp32")))]
        order += [(False, self.loss(pairs, ("fp32", "tf32"))) for pairs in sizes["pairs"][:-1]]
        order += [(False, self.encoder(kind, clips, ("tf32", "bf16", "fp32")))
                  for clips in sizes["clips"][1:] for kind in (Cnn14, ResNet38)]
        order += [(False, product) for product in products[1:]]
        rows = {}
        for by_compiler, (name, shape, prepare, precisions) in order:
            for precision in precisions:
                if compiled or not by_compiler:
                    # With one size of a kind, the first and the last are the same.
                    rows.setdefault((by_compiler, name, shape, precision), (by_compiler, name, shape, prepare, precision))
        return list(rows.values())

    def copies(self, precisions):
        size = self.sizes["copy"]
        return "copy", f"{gibibytes(size)} on the device", lambda: self.copy(size), precisions

    def gemm(self, m, n, k, precisions):
        return "gemm", f"{m} x {n} x {k} (m n k)", lambda: self.product(m, n, k), precisions

    def bert(self, precisions):
        return "bert", f"{self.sizes['sentences']} x {self.sizes['tokens']} tokens", self.text, precisions

    def mel(self, precisions):
        clips = self.sizes["clips"][0]
        return "logmel", f"{clips} x {self.sizes['clip']}", lambda: self.log_mel(clips), precisions

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
        self.inputs = (source,)
        return lambda: target.copy_(source)

    def product(self, m, n, k):
        a, b = self.random(m, k), self.random(k, n)
        if self.precision == "bf16":
            # The inputs of a bf16 product are bf16: converting them is not its work.
            a, b = a.bfloat16(), b.bfloat16()
        self.inputs = a, b
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
        self.inputs = inputs

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
        model = RetrievalModel(Cnn14(sizes["cnn14"]), sizes["cnn14"][-1], Bert(**sizes["bert"]), sizes["bert"]["width"], sizes["head"],
                               sizes["dimension"])
        model = fill(model.to(self.device)).train()
        adam = torch.optim.Adam(model.parameters(), lr=1e-4, **({"fused": True} if self.device.type == "cuda" else {}))
        log_mel = self.random(pairs, 1, sizes["frames"], 64) * 30 - 40
        ids = self.captions(pairs)
        loss_of = self.prepared(lambda x, ids: nt_xent(*model(spec_augment(x), ids)))
        self.inputs = log_mel, ids

        def run():
            adam.zero_grad(set_to_none=True)
            loss_of(log_mel, ids).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 2.0)
            adam.step()
        return run

    def log_mel(self, clips):
        waveform = self.random(clips, self.sizes["samples"]) / 2
        return self.inference(LogMel().to(self.device), waveform)

    def nt_xent(self, pairs):
        a, t = (self.random(pairs, self.sizes["dimension"]).requires_grad_() for _ in range(2))
        loss_of = self.prepared(nt_xent)
        self.inputs = a, t

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
    program = f"PyTorch {torch.__version__.split('+')[0]}"
    documents = {False: dict(schema_version=1, program=f"{program} eager", device=name, rows=[])}
    paths = {False: arguments.out}
    if arguments.compiled and hasattr(torch, "compile"):
        documents[True], paths[True] = dict(schema_version=1, program=f"{program} compiled", device=name, rows=[]), arguments.compiled
    failed = 0
    began = time.monotonic()
    peer, timer = Peer(SMALL if arguments.small else FULL, device), Timer(device, arguments.rounds, arguments.small)
    for compiled, workload, shape, prepare, peer.precision in peer.workloads(True in documents):
        if device.type != "cuda" and peer.precision != "fp32":
            continue
        peer.compiled = compiled
        row = dict(workload=workload, shape=shape, precision=peer.precision)
        if time.monotonic() - began > arguments.seconds:
            row["note"] = f"not timed: {arguments.seconds} s were over"
        else:
            try:
                if compiled:
                    torch._dynamo.reset()
                if device.type == "cuda":
                    torch.cuda.reset_peak_memory_stats()
                with set_precision(peer.precision):
                    run = prepare()
                    if (label := shape_of(workload, peer.inputs, peer.sizes["clip"])) != shape:
                        raise ValueError(f"the tensors are {label}")
                    row["milliseconds"] = timer.median(run)
                    if device.type == "cuda":
                        # The caching allocator's blocks are those of the libraries' workspaces, too.
                        row["taken_bytes"] = torch.cuda.max_memory_reserved()
                        torch.cuda.reset_peak_memory_stats()
                        run()
                        torch.cuda.synchronize()
                        row["peak_bytes"] = torch.cuda.max_memory_allocated()
                    del run
            except Exception as error:  # one workload that fails must not take the others' figures with it; the exit code tells
                row["note"] = f"FAILED {type(error).__name__}: {error}".splitlines()[0]
                failed += 1
        documents[compiled]["rows"].append(row)
        peak = f", {row['peak_bytes'] >> 20} MiB in use at most, {row['taken_bytes'] >> 20} MiB taken" if "peak_bytes" in row else ""
        print("compiled" if compiled else "eager", workload, shape, peer.precision,
              f"{row.get('milliseconds', row.get('note'))}{peak}", flush=True)
        write(paths[compiled], documents[compiled])
        if device.type == "cuda":
            torch.cuda.empty_cache()
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=["parity", "time"])
    parser.add_argument("--out", required=True, help="where the JSON document goes")
    parser.add_argument("--small", action="store_true", help="tiny sizes, as on the emulator")
    parser.add_argument("--compiled", metavar="FILE", help="time what torch.compile makes of the models, too, into this document")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=3600, help="after these no further workload is begun")
    parser.add_argument("--training-small", metavar="FILE", help="golden training run to repeat")
    arguments = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if arguments.mode == "parity":
        write(arguments.out, torch_parity.document(device, arguments.small, arguments.training_small))
        return 0
    if arguments.compiled and not hasattr(torch, "compile"):
        print(f"PyTorch {torch.__version__} has no torch.compile: eager alone", file=sys.stderr)
    return time_all(arguments, device)


if __name__ == "__main__":
    sys.exit(main())
