using System.Runtime.CompilerServices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Features;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

/// <summary>
/// Normalisation in the same pass as the logarithm: <c>y[t, m] = scale[m] · dB[t, m] + shift[m]</c>. Frames behind a clip's own end stay 0.
/// Batch norm over the mel bins in evaluation is scale = γ/√(σ² + ε), shift = β − μ·scale.
/// </summary>
/// <param name="Scale">[MelBins], dtype and device of the waveform; null: 1.</param>
/// <param name="Shift">[MelBins], dtype and device of the waveform; null: 0.</param>
public sealed record LogMelEpilogue(Tensor? Scale = null, Tensor? Shift = null);

public static partial class Op
{
    /// <summary>
    /// <c>y[t, m] = 10 · log10(max(Σ_k W[k, m] · |DFT(hann · x around t · hop)[k]|², floor))</c>, in dB: the log-mel spectrogram, frames
    /// centred on every hop, the waveform reflected at both ends. No gradient flows back, neither to the waveform nor to the epilogue.
    /// </summary>
    /// <param name="waveform">[N, T] mono, full scale ±1, float32 or float64, contiguous; T above half a window.</param>
    /// <param name="lengths">
    /// int32 [N], samples of each clip that are its own: it is reflected at its own end, and frames after <c>length / hop + 1</c> are 0.
    /// null: all.
    /// </param>
    /// <param name="epilogue">Normalisation in the same pass; null: dB as they are.</param>
    /// <returns>[N, 1, T / hop + 1, MelBins].</returns>
    /// <exception cref="ShapeException">A clip has half a window of samples or fewer; zero-pad it first.</exception>
    public static Tensor LogMel(Tensor waveform, LogMelSettings settings, Tensor? lengths = null, LogMelEpilogue? epilogue = null)
    {
        Expect.Real(waveform);
        Expect.Contiguous(waveform);
        Shape.ExpectRank(waveform, 2, "[N, T]");
        settings.Validate();
        int clips = waveform.Shape[0], samples = waveform.Shape[1];
        if (lengths is not null) Expect.Lengths(lengths, clips, waveform);
        if (epilogue?.Scale is { } scale) ExpectPerBin(scale);
        if (epilogue?.Shift is { } shift) ExpectPerBin(shift);
        if (samples < settings.MinimumSamples)
            throw new ShapeException($"LogMel: waveform is {waveform.Shape}; a window of {settings.WindowSamples} reflects "
                + $"{settings.WindowSamples / 2} samples at each end and takes at least {settings.MinimumSamples}: zero-pad shorter clips");
        var y = Tensor.Empty([clips, 1, settings.FramesOf(samples), settings.MelBins], waveform.Device, waveform.DType);
        waveform.Backend.LogMel(waveform, lengths, settings, epilogue, y);
        return y;

        void ExpectPerBin(Tensor values, [CallerArgumentExpression(nameof(values))] string name = "")
        {
            Shape.Expect(values, [settings.MelBins], "one value per mel bin", nameof(LogMel), name);
            Expect.Alike(values, waveform, nameof(LogMel), name, nameof(waveform));
        }
    }
}

internal partial interface IBackend
{
    /// <exception cref="ShapeException">A length is outside <see cref="LogMelSettings.MinimumSamples"/> … T.</exception>
    void LogMel(Tensor waveform, Tensor? lengths, LogMelSettings settings, LogMelEpilogue? epilogue, Tensor y);
}
