using System.Collections.Concurrent;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using NativeRetrieval.Core.Cpu.Gemm;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Parallel;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu.ShiftedWindows;

/// <summary>
/// Window attention in single precision. Everything is transposed: scores are keys x queries, in panels as wide as the product's kernel,
/// so that the soft-max runs down the columns, many queries side by side, and what it leaves is already the kernel's packed operand for
/// the product with the values.
/// </summary>
internal unsafe struct TiledWindowAttention
{
    /// <summary>By tokens of a window and width of a panel, the row of the bias table for each place of the panels; -1: padding.</summary>
    static readonly ConcurrentDictionary<(int Tokens, int PanelWidth), int[]> _tableRows = new();

    /// <summary>By window, shift and width of a panel, what the kinds of windows add to the scores, [kinds, panels, keys, panel].</summary>
    static readonly ConcurrentDictionary<(int Tokens, int Shift, int PanelWidth), float[]> _maskTables = new();

    [ThreadStatic] static AlignedBuffer? t_memory;

    readonly GemmKernel<float> _kernel = GemmKernel<float>.Best;
    readonly WindowGrid _grid;
    readonly int _heads, _width, _tokens, _panelWidth, _panels;
    readonly long _pixels;
    readonly float _scale;
    readonly float* _qkv, _y;

    /// <summary>[heads, panels, keys, panel].</summary>
    readonly float* _biases;

    /// <summary>[kinds, panels, keys, panel]; null where no window was shifted.</summary>
    float* _masks;

    TiledWindowAttention(Tensor qkv, int heads, WindowGrid grid, Tensor y, float* biases)
    {
        (_grid, _heads, _width, _tokens) = (grid, heads, qkv.Shape[3] / (3 * heads), grid.Tokens);
        _panelWidth = _kernel.Columns;
        _panels = (_tokens + _panelWidth - 1) / _panelWidth;
        _pixels = (long)qkv.Shape[1] * qkv.Shape[2];
        _scale = 1 / MathF.Sqrt(_width);
        _qkv = qkv.Pointer<float>();
        _y = y.Pointer<float>();
        _biases = biases;
    }

    /// <summary>Elements of a window's scores, padded to whole panels.</summary>
    long Square => (long)_tokens * _panels * _panelWidth;

    public static void Run(Tensor qkv, Tensor biasTable, int heads, int window, int shift, Tensor y)
    {
        var grid = WindowGrid.Of(qkv, window, shift);
        int panel = GemmKernel<float>.Best.Columns, padded = (grid.Tokens + panel - 1) / panel * panel;
        using var biases = Tensor.Empty([heads, grid.Tokens, padded], qkv.Device);
        var attention = new TiledWindowAttention(qkv, heads, grid, y, biases.Pointer<float>());
        int[] rows = _tableRows.GetOrAdd((grid.Tokens, panel), static (_, attention) => attention.TableRows(), attention);
        Workers.Run(heads, (attention, biasTable, rows), static (s, head) =>
            s.attention.ExpandBias(s.biasTable.Pointer<float>(), s.rows, head));
        float[]? masks = shift == 0 ? null
            : _maskTables.GetOrAdd((grid.Tokens, shift, panel), static (_, attention) => attention.MaskTable(), attention);
        fixed (float* first = masks)
        {
            attention._masks = first;
            Workers.Run(qkv.Shape[0] * grid.Count * heads, attention, static (attention, part) =>
                attention.RunHead(part / attention._heads, part % attention._heads));
        }
    }

    int[] TableRows()
    {
        var rows = new int[Square];
        for (int column = 0; column < _panels * _panelWidth; column++)
            for (int key = 0; key < _tokens; key++)
                rows[Place(key, column)] = column < _tokens ? _grid.BiasRow(column, key) : -1;
        return rows;
    }

    void ExpandBias(float* table, int[] rows, int head)
    {
        float* target = _biases + head * Square;
        for (int i = 0; i < rows.Length; i++) target[i] = rows[i] < 0 ? 0 : table[rows[i] * _heads + head];
    }

    float[] MaskTable()
    {
        var masks = new float[WindowGrid.Kinds * Square];
        for (int kind = 1; kind < WindowGrid.Kinds; kind++)
            for (int query = 0; query < _tokens; query++)
                for (int key = 0; key < _tokens; key++)
                    if (_grid.AreApart(kind, query, key)) masks[kind * Square + Place(key, query)] = -WindowGrid.Apart;
        return masks;
    }

    int Place(int key, int query) => (query / _panelWidth * _tokens + key) * _panelWidth + query % _panelWidth;

    void RunHead(int place, int head)
    {
        int rows = _tokens * _width, columns = _panels * _panelWidth, channels = _heads * _width;
        float* memory = (t_memory ??= new()).Reserve<float>((nuint)(3L * rows + (2L * columns + 1) * _width + Square + columns));
        float* tokenRows = memory, keys = tokenRows + rows, values = keys + rows, queries = values + rows;
        float* sums = queries + columns * _width, weights = sums + columns * _width, inverses = weights + Square;
        Span<int> pixels = stackalloc int[_tokens];
        _grid.Places(place % _grid.Count, pixels);
        long clip = place / _grid.Count * _pixels;
        float* source = _qkv + clip * 3 * channels + head * _width;

        Gather(source, pixels, 3 * channels, tokenRows);
        for (int panel = 0; panel < _panels; panel++)
            GemmPacking.Pack(tokenRows + panel * _panelWidth * _width, _width, 1, Math.Min(_panelWidth, _tokens - panel * _panelWidth),
                _panelWidth, _width, queries + panel * _panelWidth * _width);
        Gather(source + channels, pixels, 3 * channels, tokenRows);
        for (int first = 0, height; first < _tokens; first += height)
            GemmPacking.Pack(tokenRows + first * _width, _width, 1, height = Height(_tokens, first), height, _width, keys + first * _width);
        Gather(source + 2 * channels, pixels, 3 * channels, tokenRows);
        for (int first = 0, height; first < _width; first += height)
            GemmPacking.Pack(tokenRows + first, 1, _width, height = Height(_width, first), height, _tokens, values + first * _tokens);

        int kind = _grid.KindOf(place % _grid.Count);
        for (int panel = 0; panel < _panels; panel++)
        {
            int panelSize = _tokens * _panelWidth;
            float* scores = weights + panel * panelSize;
            for (int first = 0, height; first < _tokens; first += height)
                _kernel.Run(height = Height(_tokens, first), _width, keys + first * _width, queries + panel * _panelWidth * _width,
                    scores + first * _panelWidth, _panelWidth, accumulate: false);
            SoftmaxColumns(scores, _biases + head * Square + panel * panelSize,
                kind == 0 ? null : _masks + kind * Square + panel * panelSize, inverses + panel * _panelWidth);
            for (int first = 0, height; first < _width; first += height)
                _kernel.Run(height = Height(_width, first), _tokens, values + first * _tokens, scores,
                    sums + first * columns + panel * _panelWidth, columns, accumulate: false);
        }
        for (int d = 0; d < _width; d++) Multiply(sums + d * columns, inverses, columns);
        GemmPacking.Pack(sums, columns, 1, _width, _width, _tokens, tokenRows);
        float* target = _y + clip * channels + head * _width;
        for (int token = 0; token < _tokens; token++) Copy(tokenRows + token * _width, target + (long)pixels[token] * channels);
    }

    /// <summary>Rows of the next strip: strips of nearly equal height, none higher than the kernel.</summary>
    int Height(int rows, int first)
    {
        int strips = (rows - first + _kernel.Rows - 1) / _kernel.Rows;
        return (rows - first + strips - 1) / strips;
    }

    void Gather(float* source, ReadOnlySpan<int> pixels, int stride, float* rows)
    {
        for (int token = 0; token < pixels.Length; token++) Copy(source + (long)pixels[token] * stride, rows + token * _width);
    }

    /// <summary>Copies a head's values of one token: so few that a call of the memory copy would take longer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    void Copy(float* source, float* target)
    {
        int i = 0;
        for (; i <= _width - Vector<float>.Count; i += Vector<float>.Count) Vector.Store(Vector.Load(source + i), target + i);
        for (; i < _width; i++) target[i] = source[i];
    }

    void SoftmaxColumns(float* scores, float* biases, float* masks, float* inverses)
    {
        if (Vector512.IsHardwareAccelerated && _panelWidth % Floats512.Count == 0)
            Softmax<Floats512>(scores, biases, masks, inverses);
        else Softmax<NativeFloats>(scores, biases, masks, inverses);
    }

    /// <summary>e^(score − maximum) over each column, and 1/Σ of it.</summary>
    void Softmax<T>(float* scores, float* biases, float* masks, float* inverses) where T : unmanaged, ISimdFloats<T>
    {
        var scale = T.All(_scale);
        for (int column = 0; column < _panelWidth; column += T.Count)
        {
            var (max, sum) = (T.All(float.NegativeInfinity), T.All(0));
            for (int at = column; at < _tokens * _panelWidth; at += _panelWidth)
            {
                var score = T.MultiplyAdd(T.Load(scores + at), scale, T.Load(biases + at));
                if (masks != null) score += T.Load(masks + at);
                score.Store(scores + at);
                max = T.Max(max, score);
            }
            for (int at = column; at < _tokens * _panelWidth; at += _panelWidth)
            {
                var weight = VectorMath.Exp(T.Load(scores + at) - max);
                weight.Store(scores + at);
                sum += weight;
            }
            (T.All(1) / sum).Store(inverses + column);
        }
    }

    static void Multiply(float* x, float* factors, int count)
    {
        for (int i = 0; i < count; i += Vector<float>.Count) Vector.Store(Vector.Load(x + i) * Vector.Load(factors + i), x + i);
    }
}
