using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

/// <summary>
/// What follows the logarithm in the same pass: <c>y[t, m] = scale[m] · dB[t, m] + shift[m]</c>, then SpecAugment. Frames behind a clip's own
/// end stay 0. Batch norm over the mel bins in evaluation is scale = γ/√(σ² + ε), shift = β − μ·scale.
/// </summary>
/// <param name="Scale">[MelBins], dtype and device of the waveform; null: 1.</param>
/// <param name="Shift">[MelBins], dtype and device of the waveform; null: 0.</param>
/// <param name="Masks">Stripes of frames and of mel bins that become 0, the same as <see cref="Op.SpecAugment"/> sets; null: none.</param>
/// <param name="Stream">Where the stripes are drawn from.</param>
public sealed record LogMelEpilogue(Tensor? Scale = null, Tensor? Shift = null, SpecAugmentOptions? Masks = null, Philox Stream = default);
