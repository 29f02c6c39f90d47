using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Features;

namespace NativeRetrieval.Core.Cpu.LogMel;

/// <summary>
/// The log-mel spectrogram in float32, eight frames at a time, one per vector lane from the windowing to the logarithm. A real frame is
/// transformed as half as many complex points (even samples real, odd ones imaginary). No frame's bits depend on its neighbours.
/// </summary>
internal sealed unsafe class LogMelKernel
{
    public const int Lanes = LanesTransform.Lanes;
    const float DecibelsPerOctave = 3.0102999566398120f;        // 10 · log10(2)
    const int Alignment = 64;

    static readonly ConcurrentDictionary<LogMelSettings, LogMelKernel> Kernels = new();
    [ThreadStatic] static ScratchMemory? t_scratch;

    readonly LogMelSettings _settings;
    readonly LanesTransform _transform;
    readonly float[] _window;
    readonly float[] _unpacking;                // per pair of frequencies k, N/2 − k: e^(−2πi k / N)
    readonly int[] _slots;                      // per frequency 0 … N/2 − 1: its place after the transform
    readonly (int Start, int End, int Weights)[] _filters;
    readonly float[] _weights;

    LogMelKernel(LogMelSettings settings)
    {
        _settings = settings;
        int size = settings.WindowSamples, half = size / 2;
        _transform = new LanesTransform(half);
        _window = [.. Enumerable.Range(0, size).Select(i => (float)LogMelReference<double>.Hann(i, size))];
        _slots = [.. Enumerable.Range(0, half).Select(k => LanesTransform.Slot(_transform.PositionOf(k)))];
        _unpacking = [.. Enumerable.Range(0, half / 2 + 1)
            .SelectMany(k => new[] { (float)Math.Cos(2 * Math.PI * k / size), (float)-Math.Sin(2 * Math.PI * k / size) })];

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
        int size = _settings.WindowSamples, hop = _settings.HopSamples, bins = _settings.MelBins, frames = output.Length / bins;
        int spanSamples = (Lanes - 1) * hop + size, pointVectors = _transform.StorageVectors, powerVectors = size / 2 + 1;
        var points = (Vector256<float>*)ScratchOf((pointVectors + powerVectors + Lanes) * Lanes + spanSamples);
        Vector256<float>* power = points + pointVectors, mels = power + powerVectors;
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
                Load(from, points);
                _transform.Run(points);
                Powers(points, power);
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

    /// <summary>Windows eight frames and turns them from one after another to side by side.</summary>
    void Load(float* samples, Vector256<float>* points)
    {
        int hop = _settings.HopSamples;
        fixed (float* window = _window)
            for (int n = 0; n < _settings.WindowSamples; n += Lanes)
            {
                var weight = Vector256.Load(window + n);
                float* at = samples + n;
                var rows = new Rows(Vector256.Load(at) * weight, Vector256.Load(at + hop) * weight, Vector256.Load(at + 2 * hop) * weight,
                    Vector256.Load(at + 3 * hop) * weight, Vector256.Load(at + 4 * hop) * weight, Vector256.Load(at + 5 * hop) * weight,
                    Vector256.Load(at + 6 * hop) * weight, Vector256.Load(at + 7 * hop) * weight);
                // Samples 2p and 2p + 1 are the parts of point p; these four points lie side by side, since gaps come after 64.
                rows.Transpose(points + LanesTransform.Slot(n / 2));
            }
    }

    /// <summary>
    /// |2 X[k]|² of the real signal's spectrum from the packed one, Z: <c>2 X[k] = E + e^(−2πi k / N) O</c> and, with the same two terms,
    /// <c>2 conj X[N/2 − k] = E − e^(−2πi k / N) O</c>, where <c>E = Z[k] + conj Z[N/2 − k]</c> and <c>O = −i (Z[k] − conj Z[N/2 − k])</c>.
    /// </summary>
    void Powers(Vector256<float>* points, Vector256<float>* power)
    {
        int half = _settings.WindowSamples / 2;
        for (int k = 0; k <= half / 2; k++)
        {
            Vector256<float>* z = points + _slots[k], mirror = points + _slots[(half - k) % half];
            Vector256<float> er = z[0] + mirror[0], ei = z[1] - mirror[1], or = z[1] + mirror[1], oi = mirror[0] - z[0];
            Vector256<float> cosine = Vector256.Create(_unpacking[2 * k]), sine = Vector256.Create(_unpacking[2 * k + 1]);
            var tr = Vector256.MultiplyAddEstimate(or, cosine, -(oi * sine));
            var ti = Vector256.MultiplyAddEstimate(or, sine, oi * cosine);
            Vector256<float> ar = er + tr, ai = ei + ti, br = er - tr, bi = ei - ti;
            power[k] = Vector256.MultiplyAddEstimate(ar, ar, ai * ai);
            power[half - k] = Vector256.MultiplyAddEstimate(br, br, bi * bi);
        }
    }

    /// <summary>Eight mel bins of eight frames, in dB, turned back to one frame after another.</summary>
    void Filter(Vector256<float>* power, int firstMel, Vector256<float>* mels, float* target, int frames)
    {
        int bins = _settings.MelBins, count = Math.Min(Lanes, bins - firstMel);
        var floor = Vector256.Create((float)_settings.Floor);
        for (int i = 0; i < count; i++)
        {
            var (start, end, offset) = _filters[firstMel + i];
            var sum = Vector256<float>.Zero;
            for (int bin = start; bin < end; bin++)
                sum = Vector256.MultiplyAddEstimate(Vector256.Create(_weights[offset + bin - start]), power[bin], sum);
            mels[i] = Vector256.Log2(Vector256.Max(sum, floor)) * DecibelsPerOctave;
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
