"""The models of this repository in PyTorch, with its parameter names and with weights that a formula makes from them."""
import math

import torch
import torch.nn.functional as F
from torch import nn

_CHUNK = 1 << 24  # elements made at once, so that a table of embeddings needs no gigabytes of indices
_GOLDEN, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def _signed(value):
    """A 64-bit pattern as the signed number that torch's int64 holds."""
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value


def _shifted(z, bits):
    return (z >> bits) & ((1 << (64 - bits)) - 1)


def _range(name, shape):
    """(offset, scale): values are offset + scale * u, u in [-1, 1)."""
    if name.endswith("bn0.running_mean"):
        return -40.0, 10.0
    if name.endswith("bn0.running_var"):
        return 300.0, 50.0
    if name.endswith(".running_mean") or name.endswith("bias"):
        return 0.0, 0.1
    if name.endswith(".running_var"):
        return 1.0, 0.2
    if len(shape) == 2 and "embeddings" in name:
        return 0.0, 0.05
    if len(shape) == 1:
        return 1.0, 0.1
    if len(shape) == 4:
        return 0.0, math.sqrt(6.0 / (shape[1] * shape[2] * shape[3]))
    if len(shape) == 2:
        return 0.0, math.sqrt(3.0 / shape[1])
    raise ValueError(f"no formula for {name} {tuple(shape)}")


def formula(name, shape, device):
    """The tensor that FormulaWeights.cs makes of this name and shape: SplitMix64 seeded with FNV-1a of the name, float32."""
    offset, scale = _range(name, shape)
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x100000001B3) & ((1 << 64) - 1)
    count = math.prod(shape)
    values = torch.empty(count, dtype=torch.float32, device=device)
    for start in range(0, count, _CHUNK):
        end = min(count, start + _CHUNK)
        z = torch.arange(start + 1, end + 1, dtype=torch.int64, device=device) * _signed(_GOLDEN) + _signed(seed)
        z = (z ^ _shifted(z, 30)) * _signed(_FIRST)
        z = (z ^ _shifted(z, 27)) * _signed(_SECOND)
        z = z ^ _shifted(z, 31)
        u = _shifted(z, 40).double() / (1 << 24) * 2 - 1
        values[start:end] = (u * scale + offset).float()
    return values.reshape(shape)


def signal(name, shape, device):
    """Uniform in [-0.1, 0.1): inputs that both sides make from a name alone."""
    return formula(name + ".bias", shape, device)


def log_mel_input(name, clips, frames, device):
    """[N, 1, frames, 64], values as a log-mel spectrogram has them, in dB."""
    return signal(name, (clips, 1, frames, 64), device) * 300 - 40


@torch.no_grad()
def fill(module, names=lambda name: name):
    """Gives every parameter and buffer its formula value."""
    for name, tensor in module.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            tensor.copy_(formula(names(name), tuple(tensor.shape), tensor.device))
    return module


class _ConvBlock(nn.Module):
    """Two 3x3 convolutions, each with batch norm and ReLU; average pooling and dropout."""

    def __init__(self, inputs, outputs, window, dropout):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.window, self.dropout = window, dropout

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.relu(self.bn2(self.conv2(x)))
        if self.window > 1:
            x = F.avg_pool2d(x, self.window)
        return F.dropout(x, self.dropout, self.training)


class _Residual(nn.Module):
    """PANNs' basic block: a mean over 2x2 stands where ResNet has its stride."""

    def __init__(self, inputs, outputs, window, dropout):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if window > 1 or inputs != outputs:
            pool = [nn.AvgPool2d(2)] if window > 1 else []
            self.downsample = nn.Sequential(*pool, nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs))
        self.window, self.dropout = window, dropout

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        if self.window > 1:
            x = F.avg_pool2d(x, 2)
        x = F.dropout(F.relu(self.bn1(self.conv1(x))), self.dropout, self.training)
        return F.relu(self.bn2(self.conv2(x)) + shortcut)


class _AudioEncoder(nn.Module):
    def stages(self, x):
        raise NotImplementedError

    def forward(self, log_mel):
        """[N, 1, T, 64] -> [N, last width]."""
        x = self.bn0(log_mel.transpose(1, 3)).transpose(1, 3)
        x = self.stages(x).mean(dim=3)
        return x.amax(dim=2) + x.mean(dim=2)


class Cnn14(_AudioEncoder):
    def __init__(self, channels=(64, 128, 256, 512, 1024, 2048), dropout=0.2):
        super().__init__()
        self.bn0 = nn.BatchNorm2d(64)
        for i, (inputs, outputs) in enumerate(zip((1,) + tuple(channels), channels)):
            setattr(self, f"conv_block{i + 1}", _ConvBlock(inputs, outputs, 2, dropout))

    def stages(self, x):
        for i in range(1, 7):
            x = getattr(self, f"conv_block{i}")(x)
        return x


class ResNet38(_AudioEncoder):
    def __init__(self, channels=(64, 64, 128, 256, 512, 2048), dropout=0.2):
        super().__init__()
        self.bn0 = nn.BatchNorm2d(64)
        self.conv_block1 = _ConvBlock(1, channels[0], 2, dropout)
        self.resnet = nn.Module()
        for i, blocks in enumerate((3, 4, 6, 3)):
            inputs, outputs, window = channels[i], channels[i + 1], 1 if i == 0 else 2
            layer = nn.Sequential(_Residual(inputs, outputs, window, dropout),
                                  *(_Residual(outputs, outputs, 1, dropout) for _ in range(blocks - 1)))
            setattr(self.resnet, f"layer{i + 1}", layer)
        self.conv_block_after1 = _ConvBlock(channels[4], channels[5], 1, dropout)
        self.dropout = dropout

    def stages(self, x):
        x = self.conv_block1(x)
        for i in range(1, 5):
            x = getattr(self.resnet, f"layer{i}")(x)
        x = F.dropout(F.avg_pool2d(x, 2), self.dropout, self.training)
        return self.conv_block_after1(x)


class _SelfAttention(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))


class _Output(nn.Module):
    def __init__(self, inputs, width):
        super().__init__()
        self.dense = nn.Linear(inputs, width)
        self.LayerNorm = nn.LayerNorm(width, eps=1e-12)


class _Attention(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.self = _SelfAttention(width)
        self.output = _Output(width, width)


class _Intermediate(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.dense = nn.Linear(width, hidden)


class _BertLayer(nn.Module):
    def __init__(self, width, hidden, heads, dropout):
        super().__init__()
        self.attention = _Attention(width)
        self.intermediate = _Intermediate(width, hidden)
        self.output = _Output(hidden, width)
        self.heads, self.dropout = heads, dropout

    def forward(self, x, mask):
        batch, tokens, width = x.shape
        split = lambda linear: linear(x).view(batch, tokens, self.heads, width // self.heads).transpose(1, 2)
        inner = self.attention.self
        y = _attend(split(inner.query), split(inner.key), split(inner.value), mask, self.dropout if self.training else 0.0)
        y = self.attention.output.dense(y.transpose(1, 2).reshape(batch, tokens, width))
        x = self.attention.output.LayerNorm(F.dropout(y, self.dropout, self.training) + x)
        y = self.output.dense(F.gelu(self.intermediate.dense(x)))
        return self.output.LayerNorm(F.dropout(y, self.dropout, self.training) + x)


def _attend(query, key, value, mask, dropout):
    """PyTorch's fused attention where this version has it."""
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(query, key, value, attn_mask=mask, dropout_p=dropout)
    scores = query @ key.transpose(2, 3) / math.sqrt(query.shape[3])
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    return F.dropout(scores.softmax(dim=3), dropout, dropout > 0) @ value


class _Embeddings(nn.Module):
    def __init__(self, vocabulary, width, positions):
        super().__init__()
        self.word_embeddings = nn.Embedding(vocabulary, width)
        self.position_embeddings = nn.Embedding(positions, width)
        self.token_type_embeddings = nn.Embedding(2, width)
        self.LayerNorm = nn.LayerNorm(width, eps=1e-12)


class _Layers(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.layer = nn.ModuleList(layers)


class Bert(nn.Module):
    """BERT without pooler; the sentence's vector is that of its first token."""

    def __init__(self, vocabulary=30522, width=768, layers=12, heads=12, hidden=3072, positions=512, dropout=0.2):
        super().__init__()
        self.embeddings = _Embeddings(vocabulary, width, positions)
        self.encoder = _Layers([_BertLayer(width, hidden, heads, dropout) for _ in range(layers)])
        self.dropout = dropout

    def forward(self, ids, lengths=None):
        """ids int64 [B, S]; lengths int64 [B], None where all sentences fill the width -> [B, width]."""
        positions = torch.arange(ids.shape[1], device=ids.device)
        mask = None if lengths is None else (positions[None, :] < lengths[:, None])[:, None, None, :]
        tables = self.embeddings
        x = tables.word_embeddings(ids) + tables.position_embeddings(positions)[None] + tables.token_type_embeddings.weight[0]
        x = F.dropout(tables.LayerNorm(x), self.dropout, self.training)
        for layer in self.encoder.layer:
            x = layer(x, mask)
        return x[:, 0]


class RetrievalModel(nn.Module):
    """Both encoders with their heads."""

    def __init__(self, audio, audio_width, text, text_width, hidden=2048, dimension=1024):
        super().__init__()
        self.audio_enc, self.text_enc = audio, text
        self.audio_linear = nn.Sequential(nn.Linear(audio_width, hidden), nn.ReLU(), nn.Linear(hidden, dimension))
        self.text_linear = nn.Sequential(nn.Linear(text_width, hidden), nn.ReLU(), nn.Linear(hidden, dimension))

    def forward(self, log_mel, ids, lengths=None):
        return self.audio_linear(self.audio_enc(log_mel)), self.text_linear(self.text_enc(ids, lengths))


def nt_xent(audio, text, temperature=0.07):
    """Both directions, summed; only the pair itself is positive."""
    scores = F.normalize(audio, dim=1) @ F.normalize(text, dim=1).t() / temperature
    own = torch.arange(scores.shape[0], device=scores.device)
    return F.cross_entropy(scores, own) + F.cross_entropy(scores.t(), own)


def spec_augment(x, generator=None):
    """Two stripes of up to 63 frames and two of up to 7 mel bins of [N, 1, T, F] become 0, other ones in each clip."""
    clips = x.shape[0]
    keep = None
    for axis, widest in ((2, 64), (3, 8)):
        extent = x.shape[axis]
        width = torch.randint(0, min(widest, extent), (clips, 2, 1), device=x.device, generator=generator)
        start = (torch.rand(clips, 2, 1, device=x.device, generator=generator) * (extent - width)).long()
        at = torch.arange(extent, device=x.device)
        outside = ((at < start) | (at >= start + width)).all(dim=1)
        shape = (clips, 1, extent, 1) if axis == 2 else (clips, 1, 1, extent)
        keep = outside.view(shape) if keep is None else keep & outside.view(shape)
    return x * keep


class LogMel(nn.Module):
    """10 log10 of 64 Slaney mel bins, 50 to 14,000 Hz, of the power spectrum; 32 kHz, window 1024, hop 320."""

    RATE, WINDOW, HOP, BINS = 32000, 1024, 320, 64

    def __init__(self):
        super().__init__()
        self.register_buffer("window", torch.hann_window(self.WINDOW, periodic=True, dtype=torch.float64).float())
        self.register_buffer("mel", self._filters().float())

    def forward(self, waveform):
        """[N, samples] -> [N, 1, samples / 320 + 1, 64], dB."""
        spectrum = torch.stft(waveform, self.WINDOW, self.HOP, window=self.window, center=True, pad_mode="reflect", return_complex=True)
        power = spectrum.real.square() + spectrum.imag.square()
        return (10 * torch.log10((power.transpose(1, 2) @ self.mel).clamp(min=1e-10)))[:, None]

    def _filters(self):
        step = math.log(6.4) / 27
        to_mel = lambda hz: hz * 3 / 200 if hz < 1000 else 15 + math.log(hz / 1000) / step
        to_hz = lambda mel: mel * 200 / 3 if mel < 15 else 1000 * math.exp((mel - 15) * step)
        low, high = to_mel(50.0), to_mel(14000.0)
        edges = [to_hz(low + (high - low) * i / (self.BINS + 1)) for i in range(self.BINS + 2)]
        hz = torch.arange(self.WINDOW // 2 + 1, dtype=torch.float64) * self.RATE / self.WINDOW
        columns = []
        for left, centre, right in zip(edges, edges[1:], edges[2:]):
            height = torch.minimum((hz - left) / (centre - left), (right - hz) / (right - centre))
            columns.append(height.clamp(min=0) * 2 / (right - left))
        return torch.stack(columns, dim=1)
