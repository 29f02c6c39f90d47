namespace NativeRetrieval.Core.Cpu.Vectors;

/// <summary>One SIMD register's worth of partial sums of a dot product; lets one kernel text serve every vector width.</summary>
internal unsafe interface IDotLanes<TSelf> where TSelf : unmanaged, IDotLanes<TSelf>
{
    /// <summary>Float32 values per register: 16, 8 or 4.</summary>
    static abstract int Width { get; }

    static abstract TSelf Load(float* source);

    /// <summary>Widens bfloat16 values, which are the upper halves of float32 values.</summary>
    static abstract TSelf LoadBFloat16(ushort* source);

    /// <summary><c>sum + a · b</c>, rounded once.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf sum);

    static abstract float Total(TSelf sum);

    /// <summary>The <see cref="Total"/> of each of several sums, to the last bit.</summary>
    /// <param name="count">A multiple of 4.</param>
    static abstract void Totals(TSelf* sums, int count, float* totals);
}
