using NativeRetrieval.Audio.Augmentation;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Audio.Tests.Augmentation;

public sealed class WarpTests
{
    [Theory]
    [InlineData(1, 0, new float[] { 0, 10, 20, 100, 110, 120, 200, 210, 220, 300, 310, 320 })]
    [InlineData(1, 1, new float[] { 0, 0, 10, 100, 100, 110, 200, 200, 210, 300, 300, 310 })]      // up by a bin: the lowest repeats
    [InlineData(1, -0.5, new float[] { 5, 15, 20, 105, 115, 120, 205, 215, 220, 305, 315, 320 })]  // half a bin down: the highest repeats
    [InlineData(2, 0, new float[] { 0, 10, 20, 200, 210, 220, 0, 10, 20, 200, 210, 220 })]         // twice as fast: it comes round
    [InlineData(0.5, 0, new float[] { 0, 10, 20, 50, 60, 70, 100, 110, 120, 150, 160, 170 })]      // half as fast: its first half
    [InlineData(1.25, 0, new float[] { 0, 10, 20, 125, 135, 145, 250, 260, 270, 75, 85, 95 })]     // 3.75 lies between frames 3 and 0
    public void Frames_and_bins_are_read_between_their_neighbours(double tempo, double bins, float[] expected)
    {
        var warped = new float[12];
        AudioAugmentation.Warp([0, 10, 20, 100, 110, 120, 200, 210, 220, 300, 310, 320], 3, tempo, bins, warped);
        Assert.Equal(expected, warped);
    }

    [Fact]
    public void A_filter_adds_gains_between_its_knots_and_leaves_silence()
    {
        var filtered = new float[10];
        AudioAugmentation.Filter([-10, -20, -30, -100, -99, -10, -20, -30, -40, -50], 5, [-2, 4, 0], -100, filtered);
        Assert.Equal([-12, -19, -26, -100, -99, -12, -19, -26, -38, -50], filtered);
        AudioAugmentation.Filter([-99, -50], 1, [-2, 0], -100, filtered.AsSpan(0, 2));
        Assert.Equal([-100, -52], filtered[..2]);
    }

    [Fact]
    public void Lengths_that_do_not_fit_are_refused()
    {
        Assert.Throws<ShapeException>(() => AudioAugmentation.Warp(new float[6], 2, 1, 0, new float[4]));
        Assert.Throws<ShapeException>(() => AudioAugmentation.Warp(new float[5], 2, 1, 0, new float[5]));
        Assert.Throws<ArgumentOutOfRangeException>(() => AudioAugmentation.Warp(new float[6], 2, 0, 0, new float[6]));
        Assert.Throws<ShapeException>(() => AudioAugmentation.Filter(new float[6], 2, [1, 2], -100, new float[4]));
        Assert.Throws<ShapeException>(() => AudioAugmentation.Filter(new float[6], 2, [1], -100, new float[6]));
        AudioAugmentation.Warp([], 2, 1, 0, []);
    }
}
