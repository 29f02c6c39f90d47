using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Text;
using NativeRetrieval.Training.Data;

namespace NativeRetrieval.Training.Tests.Data;

/// <summary>Captions with numbers, and the sounds that clips with captions in common are.</summary>
public class CaptionTableTests
{
    static readonly Dataset _data = new("x.csv", [Clip("a", "A dog, barks!", "rain"), Clip("b", "a dog  barks ", "wind"),
        Clip("c", "bells"), Clip("d", "wind"), Clip("e", "bells and wind")]);

    [Fact]
    public void Captions_that_the_rule_makes_equal_share_a_number()
    {
        var table = new CaptionTable(_data, CaptionNormalizer.Report, join: false);
        Assert.Equal(table.Text(new(0, 0)), table.Text(new(1, 0)));
        Assert.NotEqual(table.Text(new(0, 1)), table.Text(new(1, 1)));
        Assert.Equal("A dog, barks!", table[new(0, 0)]);
        Assert.Equal(5, table.Texts.Count);
        Assert.Equal([0, 1, 2, 3, 4], Enumerable.Range(0, 5).Select(table.Sound));
    }

    [Fact]
    public void Clips_that_a_chain_of_captions_connects_are_one_sound()
    {
        var table = new CaptionTable(_data, CaptionNormalizer.Report, join: true);
        int[] sounds = [.. Enumerable.Range(0, 5).Select(table.Sound)];
        Assert.Equal(sounds[0], sounds[1]);
        Assert.Equal(sounds[0], sounds[3]);
        Assert.Equal(3, sounds.Distinct().Count());
    }

    static Clip Clip(string name, params string[] captions) => new(name, name, captions, Line: 2);
}
