using NativeRetrieval.Audio.Augmentation;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Rng;

namespace NativeRetrieval.Audio.Tests.Augmentation;

public sealed class CircularShiftTests
{
    [Theory]
    [InlineData(0, new float[] { 1, 2, 3, 4, 5, 6 })]
    [InlineData(1, new float[] { 5, 6, 1, 2, 3, 4 })]
    [InlineData(-1, new float[] { 3, 4, 5, 6, 1, 2 })]
    [InlineData(301, new float[] { 5, 6, 1, 2, 3, 4 })]
    [InlineData(int.MinValue, new float[] { 5, 6, 1, 2, 3, 4 })]        // −2³¹ mod 3 = 1
    public void Frames_come_round_to_the_front(int offset, float[] expected)
    {
        var shifted = new float[6];
        AudioAugmentation.CircularShift([1, 2, 3, 4, 5, 6], 2, offset, shifted);
        Assert.Equal(expected, shifted);
    }

    [Fact]
    public void A_seed_decides_the_offset_and_every_offset_occurs()
    {
        float[] frames = [.. Enumerable.Range(0, 7).Select(i => (float)i)], shifted = new float[7];
        var (first, second) = (new List<float>(), new List<float>());
        foreach (List<float> seen in (List<float>[])[first, second])
        {
            var random = new PhiloxSequence(new Philox(5, 1));
            for (int i = 0; i < 100; i++)
            {
                AudioAugmentation.CircularShift(frames, 1, random, shifted);
                seen.Add(shifted[0]);
            }
        }
        Assert.Equal(first, second);
        Assert.Equal(7, first.Distinct().Count());
    }

    [Fact]
    public void Lengths_that_do_not_fit_are_refused()
    {
        Assert.Throws<ShapeException>(() => AudioAugmentation.CircularShift(new float[6], 2, 1, new float[4]));
        Assert.Throws<ShapeException>(() => AudioAugmentation.CircularShift(new float[5], 2, 1, new float[5]));
        Assert.Throws<ShapeException>(() => AudioAugmentation.CircularShift(new float[5], 0, 1, new float[5]));
        AudioAugmentation.CircularShift([], 2, 1, []);
    }
}
