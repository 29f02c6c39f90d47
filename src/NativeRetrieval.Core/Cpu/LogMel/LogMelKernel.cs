using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Features;

namespace NativeRetrieval.Core.Cpu.LogMel;

/// <summary>
/// The log-mel spectrogram of float32 samples, eight frames at a time, one per vector lane from the windowing to the logarithm: the
/// spectrum in float64, its powers and the filters in float32. A real frame is transformed as half as many complex points (even samples
/// real, odd ones imaginary). No frame's bits depend on its neighbours.
/// </summary>
internal sealed unsafe class LogMelKernel : ILogMelFrames<float>
{
    public const int Lanes = LanesTransform.Frames;
    const float DecibelsPerOctave = 3.0102999566398120f;        // 10 · log10(2)
    const int Alignment = 64;

    static readonly ConcurrentDictionary<LogMelSettings, LogMelKernel> Kernels = new();
    [ThreadStatic] static ScratchMemory? t_scratch;

    readonly LogMelSettings _settings;
    readonly LanesTransform _transform;
    readonly double[] _unpacking;               // per pair of frequencies k, N/2 − k: e^(−2πi k / N)
    readonly int[] _slots;                      // per frequency 0 … N/2: its place after the transform, where N/2 is 0
    readonly (int Start, int End, int Weights)[] _filters;
    readonly float[] _weights;

    LogMelKernel(LogMelSettings settings)
    {
        _settings = settings;
        int size = settings.WindowSamples, half = size / 2;
        _transform = new LanesTransform(half, i => LogMelReference<double>.Hann(i, size));
        _slots = [.. Enumerable.Range(0, half + 1).Select(k => _transform.SlotOf(k % half))];
        _unpacking = [.. Enumerable.Range(0, half / 2 + 1)
            .Select(k => 2 * Math.PI * k / size)
            .SelectMany(angle => new[] { Math.Cos(angle), -Math.Sin(angle), Math.Sin(angle) })];

        var mel = new MelFilterbank(settings);
        var weights = new List<float>();
        _filters = new (int, int, int)[settings.MelBins];
        for (int filter = 0; filter < settings.MelBins; filter++)
        {
            var (start, end) = (mel.Support(filter).Start.Value, mel.Support(filter).End.Value);
            _filters[filter] = (start, end, weights.Count);
            // Unpacking leaves out the two halves of its formula: amplitudes are doubled, powers fourfold.
            for (int bin = start; bin < end; bin++) weights.Add((float)(mel.Weight(bin, filter) / 4));
        }
        _weights = [.. weights];
    }

    /// <summary>Tables for <paramref name="settings"/>, made once.</summary>
    public static LogMelKernel For(LogMelSettings settings) => Kernels.GetOrAdd(settings, static s => new LogMelKernel(s));

    /// <summary>Log-mel of whole frames from <paramref name="firstFrame"/> on, as many as <paramref name="output"/> holds.</summary>
    /// <param name="waveform">At least <see cref="LogMelSettings.MinimumSamples"/> long.</param>
    public void Run(ReadOnlySpan<float> waveform, int firstFrame, Span<float> output)
    {
        if (Avx512F.IsSupported) Run<Doubles512>(waveform, firstFrame, output);
        else Run<Doubles256>(waveform, firstFrame, output);
    }

    internal void Run<T>(ReadOnlySpan<float> waveform, int firstFrame, Span<float> output) where T : unmanaged, ISimdDoubles<T>
    {
        int size = _settings.WindowSamples, hop = _settings.HopSamples, bins = _settings.MelBins, frames = output.Length / bins;
        int spanSamples = (Lanes - 1) * hop + size + Lanes, powerVectors = size / 2 + 1, pointVectors = _transform.StorageVectors;
        int work = pointVectors * sizeof(T) / sizeof(float);
        float* scratch = ScratchOf(work + LanesTransform.WorkFloats + (powerVectors + Lanes) * Lanes + spanSamples);
        var points = (T*)scratch;
        var power = (Vector256<float>*)(scratch + work + LanesTransform.WorkFloats);
        var mels = power + powerVectors;
        var samples = (float*)(mels + Lanes);

        fixed (float* source = waveform, target = output)
            for (int group = 0; group < frames; group += Lanes)
            {
                int used = Math.Min(Lanes, frames - group), start = (firstFrame + group) * hop - size / 2;
                float* from = source + start;
                if (start < 0 || start + spanSamples > waveform.Length)
                {
                    CopyReflected(waveform, start, (used - 1) * hop + size, new Span<float>(samples, spanSamples));
                    from = samples;
                }
                for (int lane = 0; lane < Lanes; lane += T.Count)
                {
                    _transform.Run(from, hop, lane, scratch + work, points);
                    Powers(points, (float*)power + lane);
                }
                for (int mel = 0; mel < bins; mel += Lanes) Filter(power, mel, mels, target + group * bins, used);
            }
    }

    /// <summary>The samples that real frames take, mirrored at both ends; silence for the lanes that have no frame.</summary>
    static void CopyReflected(ReadOnlySpan<float> waveform, int start, int count, Span<float> samples)
    {
        for (int i = 0; i < count; i++)
        {
            int at = start + i;
            samples[i] = waveform[at < 0 ? -at : at >= waveform.Length ? 2 * (waveform.Length - 1) - at : at];
        }
        samples[count..].Clear();
    }

    /// <summary>
    /// |2 X[k]|² of the real signal's spectrum from the packed one, Z: <c>2 X[k] = E + e^(−2πi k / N) O</c> and, with the same two terms,
    /// <c>2 conj X[N/2 − k] = E − e^(−2πi k / N) O</c>, where <c>E = Z[k] + conj Z[N/2 − k]</c> and <c>O = −i (Z[k] − conj Z[N/2 − k])</c>.
    /// </summary>
    void Powers<T>(T* points, float* power) where T : unmanaged, ISimdDoubles<T>
    {
        int half = _settings.WindowSamples / 2;
        fixed (int* slots = _slots)
        fixed (double* unpacking = _unpacking)
            for (int k = 0; k <= half / 2; k++)
            {
                T* z = points + slots[k], mirror = points + slots[half - k];
                T er = z[0] + mirror[0], ei = z[1] - mirror[1], or = z[1] + mirror[1], oi = mirror[0] - z[0];
                double* turn = unpacking + 3 * k;
                T cosine = T.All(turn[0]);
                T tr = T.MultiplyAdd(oi, T.All(turn[2]), or * cosine), ti = T.MultiplyAdd(or, T.All(turn[1]), oi * cosine);
                T ar = er + tr, ai = ei + ti, br = er - tr, bi = ei - ti;
                T.MultiplyAdd(ar, ar, ai * ai).Narrow(power + k * Lanes);
                T.MultiplyAdd(br, br, bi * bi).Narrow(power + (half - k) * Lanes);
            }
    }

    /// <summary>Eight mel bins of eight frames, in dB, turned back to one frame after another.</summary>
    void Filter(Vector256<float>* power, int firstMel, Vector256<float>* mels, float* target, int frames)
    {
        int bins = _settings.MelBins, count = Math.Min(Lanes, bins - firstMel);
        var floor = Vector256.Create((float)_settings.Floor);
        fixed (float* weights = _weights)
            for (int i = 0; i < count; i++)
            {
                // Two sums, of even and of odd places, so that one need not wait for the other.
                var (start, end, offset) = _filters[firstMel + i];
                float* weight = weights + offset;
                Vector256<float> even = Vector256<float>.Zero, odd = Vector256<float>.Zero;
                int bin = start;
                for (; bin < end - 1; bin += 2, weight += 2)
                {
                    even = Vector256.MultiplyAddEstimate(Vector256.Create(weight[0]), power[bin], even);
                    odd = Vector256.MultiplyAddEstimate(Vector256.Create(weight[1]), power[bin + 1], odd);
                }
                if (bin < end) even = Vector256.MultiplyAddEstimate(Vector256.Create(*weight), power[bin], even);
                mels[i] = Vector256.Log2(Vector256.Max(even + odd, floor)) * DecibelsPerOctave;
            }
        var rows = new Rows(mels[0], mels[1], mels[2], mels[3], mels[4], mels[5], mels[6], mels[7]);
        rows.Transpose(mels);
        for (int frame = 0; frame < frames; frame++)
        {
            float* row = target + frame * bins + firstMel;
            if (count == Lanes) mels[frame].Store(row);
            else
                for (int i = 0; i < count; i++) row[i] = mels[frame][i];
        }
    }

    static float* ScratchOf(int floats)
    {
        if (t_scratch is null || t_scratch.Floats < floats) t_scratch = new ScratchMemory(floats);
        return t_scratch.Pointer;
    }

    /// <summary>Working memory of one thread, freed with it.</summary>
    sealed class ScratchMemory(int floats)
    {
        public int Floats => floats;

        public float* Pointer { get; } = Allocate(floats);

        static float* Allocate(int floats)
        {
            var pointer = (float*)NativeMemory.AlignedAlloc((nuint)floats * sizeof(float), Alignment);
            new Span<float>(pointer, floats).Clear();
            return pointer;
        }

        ~ScratchMemory() => NativeMemory.AlignedFree(Pointer);
    }
}
