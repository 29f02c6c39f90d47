using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.GradientChecks.Watching;

namespace NativeRetrieval.GradientChecks.Sampled;

/// <summary>Numbers between <c>offset</c> ± <c>scale</c> on the host, rounded to what a device stores.</summary>
internal sealed class SampledOperand
{
    const int Chunk = 1 << 16;

    readonly Shape _shape;
    readonly DType _stored;

    /// <param name="stream">Operands of other streams have other numbers.</param>
    public SampledOperand(Shape shape, ulong stream, DType stored, double offset = 0, double scale = 1)
    {
        (_shape, _stored) = (shape, stored);
        float[] values = new float[shape.Count];
        Parallel.For(0, (values.Length + Chunk - 1) / Chunk, chunk =>
        {
            for (int i = chunk * Chunk, end = Math.Min(values.Length, i + Chunk); i < end; i++)
            {
                float value = (float)(offset + scale * ((Bits(stream, i) >> 40) * (2.0 / (1 << 24)) - 1));
                values[i] = stored == DType.BFloat16 ? (float)(BFloat16)value : value;
            }
        });
        Values = values;
    }

    /// <summary>All elements, row-major.</summary>
    public float[] Values { get; }

    /// <summary>The elements of four axes; 0 outside of a plane.</summary>
    public double At(int a, int b, int row, int column) =>
        (uint)row < (uint)_shape[2] && (uint)column < (uint)_shape[3]
            ? Values[(((long)a * _shape[1] + b) * _shape[2] + row) * _shape[3] + column] : 0;

    public Tensor On(Device device, Layout layout = Layout.Contiguous) => HostTensor.Write(Values, _shape, device, _stored, layout);

    /// <summary>Bits that look random (SplitMix64).</summary>
    public static ulong Bits(ulong stream, long i)
    {
        ulong z = (ulong)i * 0x9E3779B97F4A7C15 + (stream << 32);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
