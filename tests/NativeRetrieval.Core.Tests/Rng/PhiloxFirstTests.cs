using NativeRetrieval.Core.Rng;

namespace NativeRetrieval.Core.Tests.Rng;

public sealed class PhiloxFirstTests
{
    /// <summary>Whatever way numbers are asked for, and wherever the stream begins.</summary>
    [Theory]
    [InlineData(0UL)]
    [InlineData(1UL)]
    [InlineData(6UL)]
    [InlineData(4096UL)]
    [InlineData(ulong.MaxValue / 2 + 3)]
    public void A_stream_that_begins_in_the_middle_goes_on_with_the_numbers_of_the_whole(ulong first)
    {
        var whole = new Philox(7, 3);
        var part = whole with { First = first };
        var filled = new uint[41];
        part.Fill(filled, 2);
        var sequence = new PhiloxSequence(part, 2);
        for (int i = 0; i < filled.Length; i++)
        {
            uint expected = whole.UInt32(first + 2 + (ulong)i);
            Assert.Equal(expected, filled[i]);
            Assert.Equal(expected, part.UInt32(2 + (ulong)i));
            Assert.Equal(expected, sequence.NextUInt32());
        }
    }
}
