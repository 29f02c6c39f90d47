using System.Numerics;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu.ShiftedWindows;

/// <summary>
/// Queries, keys, values and biases of window attention, window by window as small matrices: the definition, for any floating-point type.
/// A place is the number of a window counted over all clips.
/// </summary>
internal readonly unsafe struct WindowMaps<T> where T : unmanaged, IFloatingPointIeee754<T>
{
    readonly T* _qkv, _table;
    readonly int _heads;
    readonly long _pixels;

    public WindowMaps(Tensor qkv, Tensor biasTable, int heads, int window, int shift)
    {
        Grid = WindowGrid.Of(qkv, window, shift);
        _qkv = qkv.Pointer<T>();
        _table = biasTable.Pointer<T>();
        (_heads, Width) = (heads, qkv.Shape[3] / (3 * heads));
        _pixels = (long)qkv.Shape[1] * qkv.Shape[2];
        Scale = T.One / T.Sqrt(T.CreateTruncating(Width));
    }

    public WindowGrid Grid { get; }

    /// <summary>Width of a head.</summary>
    public int Width { get; }

    /// <summary>1/√Width.</summary>
    public T Scale { get; }

    /// <summary>Fills Q, scaled, K and V.</summary>
    public void Read(int place, int head, WindowMemory<T> memory)
    {
        int channels = _heads * Width;
        Gather(_qkv, place, head, 3 * channels, 0, memory.Q);
        Gather(_qkv, place, head, 3 * channels, channels, memory.K);
        Gather(_qkv, place, head, 3 * channels, 2 * channels, memory.V);
        RowMath.Scale(memory.Q, Scale, memory.Q, Grid.Tokens * Width);
    }

    /// <summary>b + m of the definition, for one query and key.</summary>
    public T Bias(int kind, int head, int query, int key)
    {
        T bias = _table[Grid.BiasRow(query, key) * _heads + head];
        return kind != 0 && Grid.AreApart(kind, query, key) ? bias - T.CreateTruncating(WindowGrid.Apart) : bias;
    }

    /// <summary>A window's rows of one head out of a grid with <paramref name="channels"/> values per token.</summary>
    public void Gather(T* grid, int place, int head, int channels, int firstChannel, T* rows)
    {
        T* first = First(grid, place, head, channels, firstChannel);
        Span<int> pixels = stackalloc int[Grid.Tokens];
        Grid.Places(place % Grid.Count, pixels);
        for (int token = 0; token < pixels.Length; token++)
            new Span<T>(first + (long)pixels[token] * channels, Width).CopyTo(new(rows + token * Width, Width));
    }

    /// <summary>The other way.</summary>
    public void Write(T* rows, int place, int head, T* grid, int channels, int firstChannel)
    {
        T* first = First(grid, place, head, channels, firstChannel);
        Span<int> pixels = stackalloc int[Grid.Tokens];
        Grid.Places(place % Grid.Count, pixels);
        for (int token = 0; token < pixels.Length; token++)
            new Span<T>(rows + token * Width, Width).CopyTo(new(first + (long)pixels[token] * channels, Width));
    }

    T* First(T* grid, int place, int head, int channels, int firstChannel) =>
        grid + place / Grid.Count * _pixels * channels + firstChannel + head * Width;
}

/// <summary>Small matrices of one window and head in this thread's working memory.</summary>
internal readonly unsafe struct WindowMemory<T> where T : unmanaged
{
    [ThreadStatic] static AlignedBuffer? t_memory;

    public WindowMemory(int tokens, int width)
    {
        int rows = tokens * width, square = tokens * tokens;
        Q = (t_memory ??= new()).Reserve<T>((nuint)(5L * rows + 2L * square));
        K = Q + rows;
        V = K + rows;
        Dy = V + rows;
        D = Dy + rows;
        P = D + rows;
        Ds = P + square;
    }

    /// <summary>[tokens, width].</summary>
    public readonly T* Q, K, V, Dy, D;

    /// <summary>[tokens, tokens].</summary>
    public readonly T* P, Ds;
}
