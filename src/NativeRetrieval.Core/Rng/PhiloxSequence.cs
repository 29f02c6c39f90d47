namespace NativeRetrieval.Core.Rng;

/// <summary>A Philox stream read in order. Its whole state is the position.</summary>
public sealed class PhiloxSequence(Philox source, ulong position = 0)
{
    ulong _counter = ulong.MaxValue;
    (uint, uint, uint, uint) _block;

    /// <summary>Index of the number that comes next.</summary>
    public ulong Position { get; private set; } = position;

    /// <summary>The next number, uniform over all 32-bit values.</summary>
    public uint NextUInt32()
    {
        ulong counter = Position / 4;
        if (counter != _counter) (_counter, _block) = (counter, source.Block(counter)); // four numbers come from one block
        return (Position++ % 4) switch { 0 => _block.Item1, 1 => _block.Item2, 2 => _block.Item3, _ => _block.Item4 };
    }

    /// <summary>The next number, uniform in [0, 1), a multiple of 2⁻²⁴.</summary>
    public float NextUniform() => source.Uniform(Position++);

    /// <summary>A number uniform over 0 … <paramref name="bound"/> − 1, by multiply and shift (bias below bound / 2³²).</summary>
    public int NextBelow(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        return (int)(((ulong)NextUInt32() * (uint)bound) >> 32);
    }

    /// <summary>A standard normal number, by Box and Muller; two numbers of the stream each.</summary>
    public double NextNormal()
    {
        double radius = Math.Sqrt(-2 * Math.Log((NextUInt32() + 1.0) / 4294967296.0));
        return radius * Math.Cos(2 * Math.PI * (NextUInt32() / 4294967296.0));
    }

    /// <summary>Puts <paramref name="items"/> in random order (Fisher and Yates).</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = NextBelow(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }
}
