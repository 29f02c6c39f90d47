using System.Numerics;
using NativeRetrieval.Core.Cpu.LogMel;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Features;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Parallel;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed partial class CpuBackend
{
    public void LogMel(Tensor waveform, Tensor? lengths, LogMelSettings settings, LogMelEpilogue? epilogue, Tensor y)
    {
        int clips = waveform.Shape[0], samples = waveform.Shape[1];
        for (int clip = 0; clip < clips; clip++)
            if (LengthOf(clip) is var own && (own < settings.MinimumSamples || own > samples))
                throw new ShapeException(
                    $"LogMel: lengths[{clip}] is {own}; expected {settings.MinimumSamples} to {samples}, the samples of a row");

        if (waveform.DType == DType.Float32)
            LogMel(waveform, lengths, settings, epilogue, LogMelKernel.For(settings), LogMelKernel.Lanes, y);
        else LogMel(waveform, lengths, settings, epilogue, new LogMelReference<double>(settings), 1, y);

        int LengthOf(int clip) => lengths is null ? samples : lengths.Span<int>()[clip];
    }

    static unsafe void LogMel<T>(Tensor waveform, Tensor? lengths, LogMelSettings settings, LogMelEpilogue? epilogue,
        ILogMelFrames<T> kernel, int lanes, Tensor y) where T : unmanaged, IFloatingPointIeee754<T>
    {
        const int GroupsPerPart = 4;
        int framesPerPart = GroupsPerPart * lanes, partsPerClip = (y.Shape[2] + framesPerPart - 1) / framesPerPart;
        var state = (waveform, lengths, settings, epilogue, kernel, framesPerPart, partsPerClip, y);
        Workers.Run(y.Shape[0] * partsPerClip, state, static (state, part) =>
        {
            var (waveform, lengths, settings, epilogue, kernel, framesPerPart, partsPerClip, y) = state;
            T* source = waveform.Pointer<T>(), target = y.Pointer<T>();
            int samples = waveform.Shape[1], frames = y.Shape[2];
            int clip = part / partsPerClip, first = part % partsPerClip * framesPerPart;
            int own = lengths is null ? samples : lengths.Span<int>()[clip];
            int real = Math.Clamp(settings.FramesOf(own) - first, 0, Math.Min(framesPerPart, frames - first));
            T* output = target + ((long)clip * frames + first) * settings.MelBins;
            var rows = new Span<T>(output, real * settings.MelBins);
            kernel.Run(new ReadOnlySpan<T>(source + (long)clip * samples, own), first, rows);
            if (epilogue is not null) Finish(rows, epilogue, settings.MelBins);
            new Span<T>(output, Math.Min(framesPerPart, frames - first) * settings.MelBins)[(real * settings.MelBins)..].Clear();
        });
    }

    /// <summary>Scales and shifts whole frames.</summary>
    static void Finish<T>(Span<T> rows, LogMelEpilogue epilogue, int bins) where T : unmanaged, IFloatingPointIeee754<T>
    {
        ReadOnlySpan<T> scale = epilogue.Scale is null ? [] : epilogue.Scale.Span<T>();
        ReadOnlySpan<T> shift = epilogue.Shift is null ? [] : epilogue.Shift.Span<T>();
        for (int first = 0; first < rows.Length; first += bins)
        {
            var row = rows.Slice(first, bins);
            for (int bin = 0; bin < scale.Length; bin++) row[bin] *= scale[bin];
            for (int bin = 0; bin < shift.Length; bin++) row[bin] += shift[bin];
        }
    }
}
