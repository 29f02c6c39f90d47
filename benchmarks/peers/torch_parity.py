"""What PyTorch computes for inputs and weights that a formula makes: outputs and gradients, summed up so that ours can be held to them."""
import json
import math
import struct

import torch

from torch_models import Bert, Cnn14, LogMel, ResNet38, RetrievalModel, fill, log_mel_input, nt_xent, signal

FORWARD, GRADIENT = 1e-5, 1e-4  # relative L2, float32
SAMPLES = 256  # elements of a tensor that are compared one by one

FULL = dict(
    cnn14=[64, 128, 256, 512, 1024, 2048], resnet38=[64, 64, 128, 256, 512, 2048], clips=2, frames=201, samples=64000,
    vocabulary=30522, width=768, layers=12, heads=12, hidden=3072, positions=512, lengths=[32, 7, 19, 3], pairs=96, dimension=1024)
SMALL = dict(
    cnn14=[4, 8, 8, 16, 16, 32], resnet38=[4, 4, 8, 8, 16, 32], clips=2, frames=66, samples=1600,
    vocabulary=211, width=24, layers=2, heads=3, hidden=40, positions=20, lengths=[8, 3, 5], pairs=7, dimension=32)


def token_ids(sizes, device):
    """[B, S]: what ids there are does not matter, only that both sides take the same."""
    lengths = sizes["lengths"]
    rows, tokens = len(lengths), max(lengths)
    ids = 1 + (torch.arange(rows * tokens, device=device) * 7919 + 13) % (sizes["vocabulary"] - 1)
    return ids.view(rows, tokens), torch.tensor(lengths, device=device)


def bert(sizes):
    names = ("vocabulary", "width", "layers", "heads", "hidden", "positions")
    return Bert(**{name: sizes[name] for name in names}, dropout=0.0)


def cases(sizes, device):
    """(name, tolerance, function of a dtype that gives name -> tensor)."""
    def log_mel(dtype):
        waveform = (signal("parity.waveform", (2, sizes["samples"]), device) * 5).to(dtype)
        return {"dB": LogMel().to(device, dtype)(waveform)}

    def audio(kind, what):
        def run(dtype):
            model = fill({"cnn14": Cnn14, "resnet38": ResNet38}[kind](sizes[kind], dropout=0.0).to(device)).to(dtype)
            x = log_mel_input("parity.logmel", sizes["clips"], sizes["frames"], device).to(dtype)
            if what == "evaluation":
                with torch.no_grad():
                    return {"embedding": model.eval()(x)}
            y = model.train()(x)
            return {"embedding": y.detach(), **{name: value for name, value in model.named_buffers() if "running" in name}}
        return run

    def text(what):
        def run(dtype):
            model = fill(bert(sizes).to(device)).to(dtype)
            ids, lengths = token_ids(sizes, device)
            if what == "evaluation":
                with torch.no_grad():
                    return {"first token": model.eval()(ids, lengths)}
            y = model.train()(ids, lengths)
            y.backward(cotangent(y))
            return {name: value.grad for name, value in model.named_parameters()}
        return run

    def loss(what):
        def run(dtype):
            a, t = ((signal(f"parity.{side}", (sizes["pairs"], sizes["dimension"]), device).to(dtype)).requires_grad_()
                    for side in ("audio", "text"))
            value = nt_xent(a, t)
            if what == "evaluation":
                return {"loss": value.detach()[None]}
            value.backward()
            return {"audio": a.grad, "text": t.grad}
        return run

    def cotangent(y):
        return (signal("parity.cotangent", tuple(y.shape), device) * 10).to(y.dtype)

    yield "log-mel", FORWARD, log_mel
    for kind in ("cnn14", "resnet38"):
        yield f"{kind} evaluation", FORWARD, audio(kind, "evaluation")
        yield f"{kind} training", FORWARD, audio(kind, "training")
        # No gradients: one rectifier that rounding turns moves them by √(2/n) at full size; `cuda-gradients` checks them operation by
        # operation.
    yield "bert evaluation", FORWARD, text("evaluation")
    yield "bert gradients", GRADIENT, text("gradients")
    yield "nt-xent evaluation", FORWARD, loss("evaluation")
    yield "nt-xent gradients", GRADIENT, loss("gradients")


def summary(exact, own):
    """Each tensor's norm and some of its elements in float64, and how far PyTorch's float32 is from them."""
    tensors = []
    for name, value in exact.items():
        flat = value.detach().double().flatten()
        # A row that no token chose has no gradient: elements are picked where there is one.
        places = flat.nonzero().flatten()
        places = places if len(places) else torch.arange(len(flat), device=flat.device)
        picked = places[torch.linspace(0, len(places) - 1, min(SAMPLES, len(places)), dtype=torch.float64, device=flat.device).long()]
        # A key bias moves all scores of a query alike and soft-max ignores that: its gradient is rounding alone, to be seen beside the
        # query's.
        yardstick = exact[name.replace("key.bias", "query.bias")].detach().double().flatten() if name.endswith("key.bias") else flat
        scale = yardstick[picked].norm().item() if name.endswith("key.bias") else flat[picked].norm().item()
        error = (own[name].detach().double().flatten()[picked] - flat[picked]).norm().item()
        tensors.append(dict(name=name, count=len(flat), norm=flat.norm().item(), norm_scale=yardstick.norm().item(),
                            indices=picked.tolist(), values=flat[picked].tolist(), scale=scale,
                            own_error=error / scale if scale else error))
    return tensors


def read_safetensors(path):
    """(tensors, metadata); the format is an eight-byte length, a JSON header and the bytes."""
    kinds = {"F32": torch.float32, "F64": torch.float64, "I64": torch.int64, "I32": torch.int32, "I16": torch.int16}
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = bytearray(file.read())
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        tensors[name] = (torch.frombuffer(data[start:end], dtype=kinds[entry["dtype"]]).reshape(entry["shape"]) if end > start
                         else torch.empty(entry["shape"]))
    return tensors, metadata


def training_small(path, device):
    """The twenty steps of the golden run, in float32 on this device: losses, and their error as a share of what the fixture allows."""
    golden, metadata = read_safetensors(path)
    model = RetrievalModel(Cnn14((8, 12, 16, 24, 32, 48), dropout=0.0), 48, Bert(211, 24, 2, 3, 40, 20, dropout=0.0), 24, hidden=64,
                           dimension=32)
    fill(model.to(device), lambda name: name.replace("audio_enc.", "").replace("text_enc.", "")).train()
    adam = torch.optim.Adam(model.parameters(), lr=3e-4, eps=1e-4)
    log_mel, ids = golden["logmel"].float().to(device), golden["input_ids"].to(device)
    own = [float(value) for value in metadata["pytorch_float32_error_loss"].split()]
    losses, worst, running = [], 0.0, 0.0
    for step, expected in enumerate(golden["loss"].double().tolist()):
        rows = torch.arange(8, device=device) + step * 8 % len(ids)
        audio, text = model(log_mel[rows], ids[rows], (ids[rows] != 0).sum(dim=1))
        loss = nt_xent(audio, text)
        adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 2.0)
        adam.step()
        losses.append(loss.item())
        running = max(running, own[step])
        allowed = max(1e-5, 10 * running)
        worst = max(worst, abs(losses[-1] - expected) / expected / (min(allowed, 1e-4) if step < 10 else allowed))
    return dict(losses=losses, share_of_allowed=worst if math.isfinite(worst) else None)


def document(device, small, fixture=None):
    sizes = SMALL if small else FULL
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    found = []
    for name, tolerance, run in cases(sizes, device):
        found.append(dict(name=name, tolerance=tolerance, tensors=summary(run(torch.float64), run(torch.float32))))
        if device.type == "cuda":
            torch.cuda.empty_cache()
    result = dict(schema_version=1, torch=torch.__version__, device=str(device), sizes=sizes, cases=found)
    if fixture:
        result["training_small"] = training_small(fixture, device)
    return result
