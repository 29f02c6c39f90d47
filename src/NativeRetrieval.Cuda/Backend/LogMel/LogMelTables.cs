using System.Numerics;
using System.Runtime.InteropServices;
using NativeRetrieval.Core.Features;
using NativeRetrieval.Cuda.Runtime;

namespace NativeRetrieval.Cuda.Backend.LogMel;

/// <summary>
/// The tables that kernels/log_mel.cu reads beside the waveform: window, twiddles and mel filters, made in float64, rounded once and kept
/// on the device.
/// </summary>
internal sealed class LogMelTables : IDisposable
{
    const int RadixBits = 3;

    readonly DeviceBuffer _values, _filters;

    public LogMelTables(CudaDevice device, LogMelSettings settings)
    {
        int points = settings.WindowSamples / 2;
        PointBits = BitOperations.Log2((uint)points);
        var values = new List<float>(5 * points);
        for (int i = 0; i < settings.WindowSamples; i++) values.Add(HannAt(i, settings.WindowSamples));
        AddTwiddles(values);
        for (int k = 0; k < points / 2; k++) AddRotation(values, k, settings.WindowSamples);

        var mel = new MelFilterbank(settings);
        var filters = new List<int>();
        int weights = values.Count;
        for (int filter = 0; filter < settings.MelBins; filter++)
        {
            var support = mel.Support(filter);
            filters.AddRange(support.Start.Value, values.Count - weights);
            // The kernel leaves out the two halves of the formula that unpacks a real signal's spectrum: powers are fourfold.
            for (int bin = support.Start.Value; bin < support.End.Value; bin++) values.Add((float)(mel.Weight(bin, filter) / 4));
        }
        filters.AddRange(0, values.Count - weights);
        _values = Upload<float>(device, values);
        _filters = Upload<int>(device, filters);
    }

    /// <summary>log2 of the complex points that a frame is transformed as, half a window.</summary>
    public int PointBits { get; }

    public nint Values => _values.Address;

    public nint Filters => _filters.Address;

    public void Dispose()
    {
        _values.Dispose();
        _filters.Dispose();
    }

    /// <summary>
    /// Adds, pass after pass, the factors of output q of each butterfly, in the order in which outputs come to lie: bits reversed.
    /// </summary>
    void AddTwiddles(List<float> values)
    {
        int rest = PointBits % RadixBits;
        int radixBits = rest == 0 ? RadixBits : rest;
        for (int lengthBits = PointBits; lengthBits > 0; lengthBits -= radixBits, radixBits = RadixBits)
        {
            int length = 1 << lengthBits, stride = length >> radixBits;
            for (int place = 1; place < 1 << radixBits; place++)
                for (int j = 0; j < stride; j++) AddRotation(values, Reversed(place, radixBits) * j, length);
        }
        values.AddRange(0, 0); // M − 1 of them: what follows begins at an even place
    }

    /// <summary>Value of the periodic Hann window.</summary>
    public static float HannAt(int sample, int window) => (float)(0.5 - 0.5 * Math.Cos(2 * Math.PI * sample / window));

    /// <summary>e^(−2πi · numerator / denominator).</summary>
    public static void AddRotation(List<float> values, int numerator, int denominator)
    {
        double angle = -2 * Math.PI * numerator / denominator;
        values.AddRange((float)Math.Cos(angle), (float)Math.Sin(angle));
    }

    /// <summary>The lowest bits of a number in reverse.</summary>
    public static int Reversed(int value, int bits)
    {
        int reversed = 0;
        for (int bit = 0; bit < bits; bit++) reversed |= (value >> bit & 1) << (bits - 1 - bit);
        return reversed;
    }

    public static DeviceBuffer Upload<T>(CudaDevice device, List<T> values) where T : unmanaged
    {
        var bytes = MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(values));
        var buffer = new DeviceBuffer(device.Context, bytes.Length);
        device.CopyIn(bytes, buffer.Address);
        return buffer;
    }
}
