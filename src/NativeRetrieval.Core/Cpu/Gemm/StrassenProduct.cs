using System.Runtime.Intrinsics.X86;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Parallel;

namespace NativeRetrieval.Core.Cpu.Gemm;

/// <summary>
/// C = A·B by two levels of <see cref="Strassen"/>, 49 products of tiles for 64, after Huang, Smith, Henry and van de Geijn 2016,
/// "Strassen's Algorithm Reloaded": the sums of A are made with its packing, those of B when a thread comes to a group of columns, and no
/// temporary is as large as a matrix of parts.
/// </summary>
/// <remarks>
/// The form is that of blocks, not of whole matrices: a group of 4 strips of rows times 4 panels of columns and 4 blocks of k. What memory
/// the sums of A need is bounded. A thread has one instance, and no product allocates. The bits of a row
/// depend on the other rows of its group, not on the number of threads.
/// </remarks>
internal sealed unsafe class StrassenProduct
{
    /// <summary>Bytes of one pass's sums of A if it has more than four blocks of k: they stay in a third-level cache.</summary>
    const long MaxSumBytes = 13 << 20;

    /// <summary>Rows of one piece of a product, for the same end; half of them are still enough.</summary>
    const int MaxRows = 1120;

    const int Parts = Strassen.Side * Strassen.Side, Products = Strassen.Products * Strassen.Products;

    /// <summary>Floats of a strip summed at a time: 28 sums of the inner level stay in the first-level cache.</summary>
    const int Chunk = 256;

    [ThreadStatic] static StrassenProduct? _ofThread;
    [ThreadStatic] static AlignedBuffer? _packedA;
    [ThreadStatic] static AlignedBuffer? _sumsOfB;
    [ThreadStatic] static AlignedBuffer? _tiles;

    readonly AlignedBuffer _memory = new();
    readonly Action<int> _sumRows, _runPart;
    WeightPanels<float> _b;
    GemmKernel<float> _kernel = null!;
    MatrixView<float> _a;
    GemmEpilogue<float> _epilogue;
    float* _c, _sums;
    nint _cStride;
    int _m, _height, _blockK, _groups, _rowParts, _firstK, _groupsOfK;

    StrassenProduct() => (_sumRows, _runPart) = (SumRows, RunPart);

    int StripSize => _height * _blockK;

    int TileSize => _height * _kernel.Columns;

    int GroupHeight => Strassen.Side * _height;

    int GroupWidth => Strassen.Side * _kernel.Columns;

    public static void Run(int m, MatrixView<float> a, WeightPanels<float> b, GemmKernel<float> kernel, float* c, nint cStride,
        GemmEpilogue<float> epilogue)
    {
        int pieces = (m + MaxRows - 1) / MaxRows;
        for (int piece = 0; piece < pieces; piece++)
        {
            int row = (int)((long)m * piece / pieces), end = (int)((long)m * (piece + 1) / pieces);
            (_ofThread ??= new()).RunPasses(end - row, new(a.At(row, 0), a.RowStride, a.ColumnStride), b, kernel, c + row * cStride,
                cStride, epilogue);
        }
    }

    void RunPasses(int m, MatrixView<float> a, WeightPanels<float> b, GemmKernel<float> kernel, float* c, nint cStride,
        GemmEpilogue<float> epilogue)
    {
        (_m, _a, _b, _kernel, _cStride, _epilogue) = (m, a, b, kernel, cStride, epilogue);
        _c = c;
        _blockK = GemmBlocking.BlockK(b.K);
        _height = Height(m, kernel.Rows);
        _groups = (m + GroupHeight - 1) / GroupHeight;
        _rowParts = RowParts(b.N / GroupWidth, _groups);
        int allOfK = b.K / (Strassen.Side * _blockK);
        long sums = (long)Products * _groups * StripSize;
        int perPass = (int)Math.Clamp(MaxSumBytes / (sums * sizeof(float)), 1, allOfK);
        _sums = _memory.Reserve<float>((nuint)(perPass * sums));
        for (int group = 0; group < allOfK; group += perPass)
        {
            (_firstK, _groupsOfK) = (group * Strassen.Side * _blockK, Math.Min(perPass, allOfK - group));
            Workers.Run(_groups * _groupsOfK, _sumRows);
            Workers.Run(b.N / GroupWidth * _rowParts, _runPart);
        }
    }

    /// <summary>
    /// Height of the strips, with the fewest rows beyond the matrix, which are zeros; a row more stands for what each group costs beside
    /// its products.
    /// </summary>
    static int Height(int m, int tallest)
    {
        int best = tallest;
        for (int height = tallest - 1; height >= tallest - 3; height--)
            if (Cost(height) < Cost(best)) best = height;
        return best;

        int Cost(int height) => (m + Strassen.Side * height - 1) / (Strassen.Side * height) * (height + 1);
    }

    /// <summary>Cuts of the rows with which the slowest thread is done first; sums of B take about a third of a group of rows.</summary>
    static int RowParts(int columnGroups, int groups)
    {
        var (best, bestCost) = (1, double.MaxValue);
        for (int parts = 1; parts <= groups; parts++)
        {
            int rounds = (columnGroups * parts + Workers.Count - 1) / Workers.Count, height = (groups + parts - 1) / parts;
            double cost = rounds * (height + 0.3);
            if (cost < bestCost) (best, bestCost) = (parts, cost);
        }
        return best;
    }

    /// <summary>Row or column of a part among the parts of a side; parts are numbered by quarters, 4·outer + inner.</summary>
    static int RowOf(int part) => part >> 3 << 1 | part >> 1 & 1;

    static int ColumnOf(int part) => part >> 1 & 2 | part & 1;

    /// <summary>Packs the parts of a group of rows, for four blocks of k, and makes 49 sums: [outer][group][inner][k][row].</summary>
    void SumRows(int unit)
    {
        var (groupOfK, group) = Math.DivRem(unit, _groups);
        int size = StripSize;
        float* parts = (_packedA ??= new()).Reserve<float>((nuint)(Parts * size + 4 * Strassen.Products * Chunk));
        for (int part = 0; part < Parts; part++)
        {
            int row = group * GroupHeight + RowOf(part) * _height, k = _firstK + (groupOfK * Strassen.Side + ColumnOf(part)) * _blockK;
            GemmPacking.Pack(_a.At(row, k), _a.RowStride, _a.ColumnStride, Height(row), _height, _blockK, parts + part * size);
        }
        float* inner = parts + Parts * size, target = Strips(groupOfK, 0, group);
        nint stride = (nint)_groups * Strassen.Products * size;
        for (int first = 0; first < size; first += Chunk)
        {
            int count = Math.Min(Chunk, size - first);
            for (int quarter = 0; quarter < 4; quarter++)
                Strassen.SumsOfA(parts + 4 * quarter * size + first, size, count, inner + quarter * Strassen.Products * Chunk, Chunk);
            for (int product = 0; product < Strassen.Products; product++)
                Strassen.SumsOfA(inner + product * Chunk, Strassen.Products * Chunk, count, target + product * size + first, stride);
        }
    }

    /// <summary>Rows of the matrix in the strip that begins at <paramref name="row"/>.</summary>
    int Height(int row) => Math.Clamp(_m - row, 0, _height);

    float* Strips(int groupOfK, int outer, int group) =>
        _sums + (((nint)groupOfK * Strassen.Products + outer) * _groups + group) * Strassen.Products * StripSize;

    /// <summary>A group of columns for a range of the groups of rows.</summary>
    void RunPart(int unit)
    {
        var (columns, rowPart) = Math.DivRem(unit, _rowParts);
        int first = _groups * rowPart / _rowParts, end = _groups * (rowPart + 1) / _rowParts;
        int panelSize = _blockK * _kernel.Columns;
        float* tiles = (_tiles ??= new()).Reserve<float>((nuint)((Parts * (end - first) + 5) * TileSize));
        float* sums = (_sumsOfB ??= new()).Reserve<float>((nuint)((4 + Strassen.Products) * panelSize)), innerSums = sums + 4 * panelSize;
        GemmPanel<float>* quarters = stackalloc GemmPanel<float>[4], panels = stackalloc GemmPanel<float>[Strassen.Products];
        for (int groupOfK = 0; groupOfK < _groupsOfK; groupOfK++)
            for (int outer = 0; outer < Strassen.Products; outer++)
            {
                var (x, y, sign) = Strassen.OfB[outer];
                for (int inner = 0; inner < 4; inner++)
                    quarters[inner] = Sum(Panel(groupOfK, columns, 4 * x + inner), Panel(groupOfK, columns, 4 * y + inner), sign,
                        sums + inner * panelSize);
                for (int product = 0; product < Strassen.Products; product++)
                {
                    (x, y, sign) = Strassen.OfB[product];
                    panels[product] = Sum(quarters[x], quarters[y], sign, innerSums + product * panelSize);
                }
                bool isLast = groupOfK == _groupsOfK - 1 && outer == Strassen.Products - 1;
                for (int group = first; group < end; group++)
                {
                    if (isLast) Foresee(group, columns);
                    float* c = tiles + Parts * (group - first) * TileSize, block = tiles + Parts * (end - first) * TileSize;
                    RunBlock(Strips(groupOfK, outer, group), panels, block);
                    foreach (var target in Strassen.OfC(outer))
                        AddTo(c + 4 * target.Quarter * TileSize, block, target.Sign, 4 * TileSize, groupOfK == 0 && target.IsFirst);
                    if (isLast) Write(group, columns, c);
                }
            }
    }

    GemmPanel<float> Panel(int groupOfK, int columns, int part) => _b.Tile(_firstK + (groupOfK * Strassen.Side + RowOf(part)) * _blockK,
        (columns * Strassen.Side + ColumnOf(part)) * _kernel.Columns, _kernel.Columns);

    /// <returns>x alone, or x + sign·y, made in <paramref name="room"/> as panels of 16 columns one behind the other.</returns>
    GemmPanel<float> Sum(GemmPanel<float> x, GemmPanel<float> y, int sign, float* room)
    {
        if (sign == 0) return x;
        int size = _blockK * WeightPanels<float>.Width, panels = _kernel.Columns / WeightPanels<float>.Width;
        for (int panel = 0; panel < panels; panel++)
            Strassen.Add(x.Left + panel * x.Right, y.Left + panel * y.Right, sign, room + panel * size, size);
        return new(room, panels > 1 ? size : x.Right, x.Step);
    }

    /// <summary>The inner level: four tiles of sums from seven products, each added where it belongs as soon as it is made.</summary>
    /// <param name="strips">Seven strips of A.</param>
    /// <param name="panels">Seven panels of B.</param>
    /// <param name="block">Four tiles, and behind them room for one.</param>
    void RunBlock(float* strips, GemmPanel<float>* panels, float* block)
    {
        int size = TileSize, stripSize = StripSize;
        float* c0 = block, c1 = c0 + size, c2 = c1 + size, c3 = c2 + size, product = c3 + size;
        Multiply(0, c0);
        AddTo(c3, c0, 1, size, isFirst: true);
        Multiply(1, c2);
        AddTo(c3, c2, -1, size);
        Multiply(2, c1);
        AddTo(c3, c1, 1, size);
        Multiply(3, product);
        AddTo(c0, product, 1, size);
        AddTo(c2, product, 1, size);
        Multiply(4, product);
        AddTo(c0, product, -1, size);
        AddTo(c1, product, 1, size);
        Multiply(5, c3, accumulate: true);
        Multiply(6, c0, accumulate: true);

        void Multiply(int index, float* target, bool accumulate = false) =>
            _kernel.Run(_height, _blockK, strips + index * stripSize, panels[index], target, _kernel.Columns, accumulate);
    }

    static void AddTo(float* target, float* x, int sign, int count, bool isFirst = false)
    {
        if (isFirst) new Span<float>(x, count).CopyTo(new(target, count));
        else Strassen.Add(target, x, sign, target, count);
    }

    /// <summary>Has the group's part of C come from memory while its last products are made.</summary>
    void Foresee(int group, int columns)
    {
        if (!Sse.IsSupported) return;
        int firstRow = group * GroupHeight, endRow = Math.Min(_m, firstRow + GroupHeight);
        for (int row = firstRow; row < endRow; row++)
            for (int column = columns * GroupWidth; column < (columns + 1) * GroupWidth; column += GemmPacking.FloatsPerLine)
                Sse.Prefetch1(_c + row * _cStride + column);
    }

    void Write(int group, int columns, float* tiles)
    {
        bool isLast = _firstK + _groupsOfK * Strassen.Side * _blockK == _b.K;
        var finish = isLast ? _epilogue : default;
        for (int part = 0; part < Parts; part++, tiles += TileSize)
        {
            int row = group * GroupHeight + RowOf(part) * _height, column = (columns * Strassen.Side + ColumnOf(part)) * _kernel.Columns;
            finish.Write(tiles, _kernel.Columns, _c + row * _cStride + column, _cStride, Height(row), _kernel.Columns, column,
                accumulate: _firstK > 0);
        }
    }
}
