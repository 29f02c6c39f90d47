using System.Runtime.Intrinsics.X86;

namespace NativeRetrieval.Core.Cpu.Convolution;

/// <summary>
/// Plain forward kernels of some panels and input blocks on their way to the second-level cache: they come from memory while the blocks
/// before them are multiplied.
/// </summary>
internal unsafe struct PlainAhead
{
    const int LineSizeBytes = 64;

    readonly nint _rowStride;
    readonly int _rowLines;
    byte* _row;
    int _rows, _line;

    /// <param name="weights">Packed, backward or missing kernels are left alone.</param>
    public PlainAhead(ConvShape s, ConvWeights weights, int firstPanel, int panels, int first, int end)
    {
        if (weights.Plain == null || weights.IsBackward || !Sse.IsSupported) return;
        int outs = firstPanel * ConvShape.Lanes, lanes = Math.Min(end * ConvShape.Lanes, s.InChannels) - first * ConvShape.Lanes;
        _rows = lanes <= 0 ? 0 : Math.Min(panels * ConvShape.Lanes, s.OutChannels - outs);
        _rowLines = (lanes * s.Taps * sizeof(float) + LineSizeBytes - 1) / LineSizeBytes;
        _rowStride = (nint)s.InChannels * s.Taps * sizeof(float);
        _row = (byte*)weights.Plain + outs * _rowStride + (nint)first * ConvShape.Lanes * s.Taps * sizeof(float);
    }

    /// <summary>Cache lines that are still to come.</summary>
    public readonly int Lines => _rows * _rowLines - _line;

    public void Bring(int lines)
    {
        for (; lines > 0 && _rows > 0; lines--)
        {
            Sse.Prefetch1(_row + (nint)_line * LineSizeBytes);
            if (++_line < _rowLines) continue;
            _line = 0;
            _row += _rowStride;
            _rows--;
        }
    }
}
