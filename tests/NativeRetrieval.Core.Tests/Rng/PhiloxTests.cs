using NativeRetrieval.Core.Rng;

namespace NativeRetrieval.Core.Tests.Rng;

public sealed class PhiloxTests
{
    /// <summary>The known-answer vectors published with Random123.</summary>
    [Theory]
    [InlineData(0UL, 0UL, 0UL, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [InlineData(ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [InlineData(0x299f31d0_a4093822UL, 0x03707344_13198a2eUL, 0x85a308d3_243f6a88UL, 0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void Blocks_equal_the_published_vectors(ulong seed, ulong stream, ulong counter, uint x0, uint x1, uint x2, uint x3) =>
        Assert.Equal((x0, x1, x2, x3), new Philox(seed, stream).Block(counter));

    [Theory]
    [InlineData(0UL)]
    [InlineData(3UL)]
    [InlineData(4UL)]
    [InlineData((1UL << 34) - 6)]
    public void Fill_gives_the_same_numbers_from_any_start_and_length(ulong start)
    {
        var philox = new Philox(42, 7);
        foreach (int length in (int[])[0, 1, 5, 16, 19, 100])
        {
            var numbers = new uint[length];
            philox.Fill(numbers, start);
            for (int i = 0; i < length; i++) Assert.Equal(philox.UInt32(start + (ulong)i), numbers[i]);
        }
    }

    [Fact]
    public void Sequences_continue_from_their_position()
    {
        var whole = new PhiloxSequence(new Philox(1));
        for (int i = 0; i < 10; i++) whole.NextUniform();
        Assert.Equal(whole.NextNormal(), new PhiloxSequence(new Philox(1), position: 10).NextNormal());
    }

    [Fact]
    public void Bounded_numbers_cover_their_range_evenly()
    {
        var counts = new int[10];
        var sequence = new PhiloxSequence(new Philox(2));
        for (int i = 0; i < 10_000; i++) counts[sequence.NextBelow(10)]++;
        Assert.All(counts, count => Assert.InRange(count, 900, 1100)); // 3.3 standard deviations
    }
}
