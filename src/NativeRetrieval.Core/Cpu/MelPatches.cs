using System.Numerics;
using NativeRetrieval.Core.Cpu.FeatureMaps;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Parallel;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed unsafe partial class CpuBackend
{
    public void MelPatches(Tensor x, Tensor? lengths, int side, int patch, Tensor y)
    {
        ExpectOwnFrames(lengths, x.Shape[2]);
        if (x.DType == DType.Float32) MelPatches<float>(x, lengths, side, patch, y);
        else MelPatches<double>(x, lengths, side, patch, y);
    }

    static void MelPatches<T>(Tensor x, Tensor? lengths, int side, int patch, Tensor y) where T : unmanaged, IFloatingPointIeee754<T>
    {
        // A part is a chunk's column of patches.
        Workers.Run(x.Shape[0] * (side / x.Shape[3]) * (side / patch), (x, lengths, side, patch, y), static (s, part) =>
        {
            var (side, patch) = (s.side, s.patch);
            int most = s.x.Shape[2], bins = s.x.Shape[3], chunks = side / bins, perSide = side / patch;
            int* own = s.lengths is null ? null : s.lengths.Pointer<int>();
            T* source = s.x.Pointer<T>(), target = s.y.Pointer<T>();
            var (image, column) = Math.DivRem(part, perSide);
            var (clip, chunk) = Math.DivRem(image, chunks);
            var frames = new CubicFrames(own == null ? most : own[clip], side * chunks);
            T* spectrogram = source + (long)clip * most * bins, patches = target + (long)clip * side * side;
            for (int j = 0; j < patch; j++)
            {
                int frame = chunk * side + column * patch + j, start = frames.Base(frame);
                var (w0, w1, w2, w3) = frames.Weights(frame);
                var (a, b, c, d) = (T.CreateTruncating(w0), T.CreateTruncating(w1), T.CreateTruncating(w2), T.CreateTruncating(w3));
                T* f0 = spectrogram + (long)frames.Frame(start, 0) * bins, f1 = spectrogram + (long)frames.Frame(start, 1) * bins;
                T* f2 = spectrogram + (long)frames.Frame(start, 2) * bins, f3 = spectrogram + (long)frames.Frame(start, 3) * bins;
                for (int bin = 0; bin < bins; bin++)
                {
                    var (row, i) = Math.DivRem(chunk * bins + bin, patch);
                    patches[((long)row * perSide + column) * patch * patch + i * patch + j] =
                        a * f0[bin] + b * f1[bin] + c * f2[bin] + d * f3[bin];
                }
            }
        });
    }

    public void MelPatchesBackward(Tensor dy, Tensor? lengths, int side, int patch, Tensor dx)
    {
        if (dy.DType == DType.Float32) Run<float>(dy, lengths, side, patch, dx);
        else Run<double>(dy, lengths, side, patch, dx);

        static void Run<T>(Tensor dy, Tensor? lengths, int side, int patch, Tensor dx) where T : unmanaged, IFloatingPointIeee754<T>
        {
            int most = dx.Shape[2], bins = dx.Shape[3], chunks = side / bins, perSide = side / patch;
            int* own = lengths is null ? null : lengths.Pointer<int>();
            T* upstream = dy.Pointer<T>(), target = dx.Pointer<T>();
            Workers.Run(dx.Shape[0] * most, part =>
            {
                var (clip, frame) = Math.DivRem(part, most);
                var frames = new CubicFrames(own == null ? most : own[clip], side * chunks);
                T* patches = upstream + (long)clip * side * side, sums = target + (long)part * bins;
                new Span<T>(sums, bins).Clear();
                if (own != null && frame >= own[clip]) return;
                for (int stretched = frames.First(frame); stretched < frames.End(frame); stretched++)
                {
                    double weight = WeightOn(frames, frame, stretched);
                    if (weight == 0) continue;
                    var (chunk, column) = Math.DivRem(stretched, side);
                    T factor = T.CreateTruncating(weight);
                    for (int bin = 0; bin < bins; bin++)
                    {
                        var (row, i) = Math.DivRem(chunk * bins + bin, patch);
                        sums[bin] += factor * patches[((long)row * perSide + column / patch) * patch * patch + i * patch + column % patch];
                    }
                }
            });
        }

        static double WeightOn(CubicFrames frames, int frame, int stretched)
        {
            int start = frames.Base(stretched);
            var (w0, w1, w2, w3) = frames.Weights(stretched);
            return (frames.Frame(start, 0) == frame ? w0 : 0) + (frames.Frame(start, 1) == frame ? w1 : 0)
                + (frames.Frame(start, 2) == frame ? w2 : 0) + (frames.Frame(start, 3) == frame ? w3 : 0);
        }
    }

    static void ExpectOwnFrames(Tensor? lengths, int frames)
    {
        if (lengths is null) return;
        foreach (int length in lengths.Span<int>())
            if (length < 1 || length > frames)
                throw new ShapeException($"MelPatches: a clip's length must be 1 … {frames} frames, got {length}");
    }
}
