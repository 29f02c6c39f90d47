using System.Numerics;
using NativeRetrieval.Core.Features;

namespace NativeRetrieval.Core.Cpu.LogMel;

/// <summary>The log-mel spectrogram as its formula reads, frame by frame, in the precision of <typeparamref name="T"/>.</summary>
internal sealed class LogMelReference<T> : ILogMelFrames<T> where T : unmanaged, IFloatingPointIeee754<T>
{
    readonly LogMelSettings _settings;
    readonly MelFilterbank _mel;
    readonly (int Start, int End)[] _supports;
    readonly T[] _window, _cosines, _sines;     // e^(−2πi k / N) for k < N / 2

    public LogMelReference(LogMelSettings settings)
    {
        (_settings, _mel) = (settings, new MelFilterbank(settings));
        int size = settings.WindowSamples;
        _supports = [.. Enumerable.Range(0, settings.MelBins).Select(mel => (_mel.Support(mel).Start.Value, _mel.Support(mel).End.Value))];
        _window = [.. Enumerable.Range(0, size).Select(i => T.CreateTruncating(Hann(i, size)))];
        _cosines = [.. Enumerable.Range(0, size / 2).Select(k => T.CreateTruncating(Math.Cos(2 * Math.PI * k / size)))];
        _sines = [.. Enumerable.Range(0, size / 2).Select(k => T.CreateTruncating(-Math.Sin(2 * Math.PI * k / size)))];
    }

    /// <summary>Hann's window of a periodic signal: the sample after the last would be 0 again.</summary>
    public static double Hann(int i, int size) => 0.5 - 0.5 * Math.Cos(2 * Math.PI * i / size);

    /// <summary>Log-mel of whole frames from <paramref name="firstFrame"/> on, as many as <paramref name="output"/> holds.</summary>
    public void Run(ReadOnlySpan<T> waveform, int firstFrame, Span<T> output)
    {
        int size = _settings.WindowSamples, bins = _settings.MelBins;
        var (real, imaginary, power) = (new T[size], new T[size], new T[size / 2 + 1]);
        T floor = T.CreateTruncating(_settings.Floor), ten = T.CreateTruncating(10);
        for (int frame = 0; frame < output.Length / bins; frame++)
        {
            int start = (firstFrame + frame) * _settings.HopSamples - size / 2;
            for (int i = 0; i < size; i++) real[i] = _window[i] * waveform[Reflected(start + i, waveform.Length)];
            Array.Clear(imaginary);
            Transform(real, imaginary);
            for (int k = 0; k < power.Length; k++) power[k] = real[k] * real[k] + imaginary[k] * imaginary[k];
            for (int mel = 0; mel < bins; mel++)
            {
                T sum = T.Zero;
                for (int k = _supports[mel].Start; k < _supports[mel].End; k++) sum += T.CreateTruncating(_mel.Weight(k, mel)) * power[k];
                output[frame * bins + mel] = ten * T.Log10(T.Max(sum, floor));
            }
        }
    }

    /// <summary>Mirrors an index at the first and the last sample, which are not repeated.</summary>
    static int Reflected(int i, int length) => i < 0 ? -i : i >= length ? 2 * (length - 1) - i : i;

    /// <summary>In-place Fourier transform, radix 2, decimation in time (Cooley and Tukey 1965).</summary>
    void Transform(T[] real, T[] imaginary)
    {
        int size = real.Length, shift = 32 - BitOperations.Log2((uint)size);
        for (int i = 0; i < size; i++)
        {
            int j = (int)(ReverseBits((uint)i) >> shift);
            if (j > i) (real[i], real[j], imaginary[i], imaginary[j]) = (real[j], real[i], imaginary[j], imaginary[i]);
        }
        for (int half = 1; half < size; half *= 2)
            for (int block = 0; block < size; block += 2 * half)
                for (int j = 0; j < half; j++)
                {
                    T cosine = _cosines[j * (size / 2 / half)], sine = _sines[j * (size / 2 / half)];
                    int a = block + j, b = a + half;
                    T re = real[b] * cosine - imaginary[b] * sine, im = real[b] * sine + imaginary[b] * cosine;
                    (real[b], imaginary[b]) = (real[a] - re, imaginary[a] - im);
                    (real[a], imaginary[a]) = (real[a] + re, imaginary[a] + im);
                }
    }

    static uint ReverseBits(uint x)
    {
        uint reversed = 0;
        for (int bit = 0; bit < 32; bit++, x >>= 1) reversed = reversed << 1 | x & 1;
        return reversed;
    }
}
