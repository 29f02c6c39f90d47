using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Indexing.Tests;

public class PathGlobTests
{
    [Fact]
    public void A_pattern_that_would_take_minutes_is_refused_at_once()
    {
        AudioSearchOptions Filter(string pattern) => new AudioSearchOptions { PathFilter = pattern }.Validated();
        string stars = string.Concat(Enumerable.Repeat("**/", 2000));
        Assert.Contains("6,000 characters", Assert.Throws<OptionException>(() => Filter(stars)).Message);
        Assert.Contains("more than 64 wildcards", Assert.Throws<OptionException>(() => Filter(stars[..1023])).Message);
        Assert.True(new PathGlob(Filter(stars[..96]).PathFilter!).Matches("/a/b/"));
    }

    [Theory]
    [InlineData("dog.wav", "/a/dog.wav", true)]
    [InlineData("dog.wav", "/a/big-dog.wav", false)]
    [InlineData("*.wav", "/a/b/c.wav", true)]
    [InlineData("*.wav", "/a/b.wav/c.mp3", false)]
    [InlineData("b/*.wav", "/a/b/c.wav", true)]
    [InlineData("a/*.wav", "/a/b/c.wav", false)]
    [InlineData("a/**/*.wav", "/a/b/c.wav", true)]
    [InlineData("a/**/*.wav", "/a/c.wav", true)]
    [InlineData("a/**", "/x/a/b/c.wav", true)]
    [InlineData("/a/*", "/x/a/c.wav", false)]
    [InlineData("/a/*", "/a/c.wav", true)]
    [InlineData("?.wav", "/a/c.wav", true)]
    [InlineData("?.wav", "/a/cc.wav", false)]
    [InlineData("(1)+[x].wav", "/a/(1)+[x].wav", true)]
    [InlineData("c.wav", "C:\\sounds\\c.wav", true)]
    public void Matches(string pattern, string path, bool expected) => Assert.Equal(expected, new PathGlob(pattern).Matches(path));
}
