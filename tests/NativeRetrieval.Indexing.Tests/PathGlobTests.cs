namespace NativeRetrieval.Indexing.Tests;

public class PathGlobTests
{
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
