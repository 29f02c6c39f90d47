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
    public unsafe void LogMel(Tensor waveform, Tensor? lengths, LogMelSettings settings, LogMelEpilogue? epilogue, Tensor y)
    {
        int clips = waveform.Shape[0], samples = waveform.Shape[1];
        for (int clip = 0; clip < clips; clip++)
            if (LengthOf(clip) is var own && (own < settings.MinimumSamples || own > samples))
                throw new ShapeException(
                    $"LogMel: lengths[{clip}] is {own}; expected {settings.MinimumSamples} to {samples}, the samples of a row");

        if (waveform.DType == DType.Float32)
            Run(waveform.Pointer<float>(), y.Pointer<float>(), LogMelKernel.For(settings).Run, LogMelKernel.Lanes);
        else Run(waveform.Pointer<double>(), y.Pointer<double>(), new LogMelReference<double>(settings).Run, 1);

        int LengthOf(int clip) => lengths is null ? samples : lengths.Span<int>()[clip];

        void Run<T>(T* source, T* target, LogMelFrames<T> kernel, int lanes) where T : unmanaged, IFloatingPointIeee754<T>
        {
            const int GroupsPerPart = 4;
            int frames = y.Shape[2], framesPerPart = GroupsPerPart * lanes, partsPerClip = (frames + framesPerPart - 1) / framesPerPart;
            Workers.Run(clips * partsPerClip, part =>
            {
                int clip = part / partsPerClip, first = part % partsPerClip * framesPerPart;
                int own = LengthOf(clip), real = Math.Clamp(settings.FramesOf(own) - first, 0, Math.Min(framesPerPart, frames - first));
                T* output = target + ((long)clip * frames + first) * settings.MelBins;
                var rows = new Span<T>(output, real * settings.MelBins);
                kernel(new ReadOnlySpan<T>(source + (long)clip * samples, own), first, rows);
                if (epilogue is not null) Finish(rows, epilogue, settings.MelBins);
                new Span<T>(output, Math.Min(framesPerPart, frames - first) * settings.MelBins)[(real * settings.MelBins)..].Clear();
            });
        }
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

    /// <summary>Log-mel of whole frames from <paramref name="firstFrame"/> on, as many as <paramref name="output"/> holds.</summary>
    delegate void LogMelFrames<T>(ReadOnlySpan<T> waveform, int firstFrame, Span<T> output);
}
