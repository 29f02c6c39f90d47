using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu.ShiftedWindows;

/// <summary>The windows of a grid of tokens that was rolled up and left by a shift.</summary>
internal readonly struct WindowGrid(int height, int width, int window, int shift)
{
    /// <summary>Windows of a grid.</summary>
    public int Count { get; } = height / window * (width / window);

    /// <summary>Tokens of a window.</summary>
    public int Tokens { get; } = window * window;

    /// <summary>Kinds of windows by what <see cref="KindOf"/> says.</summary>
    public const int Kinds = 4;

    public static WindowGrid Of(Tensor qkv, int window, int shift) => new(qkv.Shape[1], qkv.Shape[2], window, shift);

    /// <summary>Taken from the score of two tokens that are apart.</summary>
    public const int Apart = 100;

    /// <summary>Places in the grid, row by row, of a window's tokens.</summary>
    public void Places(int index, Span<int> places)
    {
        var (row, column) = Math.DivRem(index, width / window);
        for (int i = 0; i < window; i++)
            for (int j = 0; j < window; j++)
                places[i * window + j] = (row * window + i + shift) % height * width + (column * window + j + shift) % width;
    }

    /// <summary>1: rolling brought rows together that are no neighbours; 2: columns; 3: both; 0: neither.</summary>
    public int KindOf(int index)
    {
        if (shift == 0) return 0;
        var (row, column) = Math.DivRem(index, width / window);
        return (row == height / window - 1 ? 1 : 0) + (column == width / window - 1 ? 2 : 0);
    }

    /// <summary>True where two tokens of a window are no neighbours in the grid.</summary>
    public bool AreApart(int kind, int token, int other) =>
        ((kind & 1) != 0 && token / window < window - shift != other / window < window - shift)
        || ((kind & 2) != 0 && token % window < window - shift != other % window < window - shift);

    /// <summary>Row of the bias table for a query and a key.</summary>
    public int BiasRow(int query, int key) =>
        (query / window - key / window + window - 1) * (2 * window - 1) + (query % window - key % window + window - 1);
}
