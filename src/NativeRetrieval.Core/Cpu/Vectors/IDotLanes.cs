namespace NativeRetrieval.Core.Cpu.Vectors;

/// <summary>One SIMD register's worth of partial sums of a dot product; one kernel text serves all widths and kinds of numbers.</summary>
/// <typeparam name="TSelf">The register.</typeparam>
/// <typeparam name="TQuery">Type of a query's values: float for rows of floating-point numbers, short for rows in fixed point.</typeparam>
internal unsafe interface IDotLanes<TSelf, TQuery>
    where TSelf : unmanaged, IDotLanes<TSelf, TQuery>
    where TQuery : unmanaged
{
    /// <summary>Values of a query or a row per register, a power of two.</summary>
    static abstract int Width { get; }

    /// <summary>Shape of the tile of sums that the registers hold.</summary>
    static abstract DotTile Tile { get; }

    static abstract TSelf Load(TQuery* source);

    /// <summary>Values of a row in the type of a query's; bfloat16 ones are widened.</summary>
    static abstract TSelf LoadRow<TElement>(TElement* source) where TElement : unmanaged;

    /// <summary><c>sum + a · b</c>, of floating-point numbers rounded once.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf sum);

    static abstract float Total(TSelf sum);

    /// <summary>The <see cref="Total"/> of each of several sums, to the last bit.</summary>
    /// <param name="count">A multiple of 4.</param>
    static abstract void Totals(TSelf* sums, int count, float* totals);
}
