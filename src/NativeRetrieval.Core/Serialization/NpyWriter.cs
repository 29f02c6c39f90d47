using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace NativeRetrieval.Core.Serialization;

/// <summary>Writes matrices as NumPy's <c>.npy</c> files, version 1.0 (numpy.lib.format): <c>numpy.load</c> reads them.</summary>
public static class NpyWriter
{
    const int Alignment = 64;

    /// <summary>Writes the file by <see cref="DurableFile.WriteAtomic"/>.</summary>
    /// <param name="values">[rows, width], row-major.</param>
    /// <exception cref="ArgumentException">The number of values is not rows · width.</exception>
    /// <exception cref="Errors.FileWriteException">The disk refused; an older file of this name is untouched.</exception>
    public static void Write(string path, ReadOnlyMemory<float> values, int rows, int width)
    {
        if (values.Length != (long)rows * width)
            throw new ArgumentException($"{values.Length} values for {rows} rows of {width}", nameof(values));
        string description = string.Create(CultureInfo.InvariantCulture,
            $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {width}), }}");
        // Magic (6), version (2), length of the header (2), and the header with a line feed at its end, together a multiple of 64.
        const int fixedBytes = 10;
        int length = (fixedBytes + description.Length + 1 + Alignment - 1) / Alignment * Alignment - fixedBytes;
        byte[] start = [0x93, .. "NUMPY"u8, 1, 0, (byte)length, (byte)(length >> 8),
            .. Encoding.ASCII.GetBytes(description.PadRight(length - 1)), (byte)'\n'];
        DurableFile.WriteAtomic(path, stream =>
        {
            stream.Write(start);
            stream.Write(MemoryMarshal.AsBytes(values.Span));
        });
    }
}
