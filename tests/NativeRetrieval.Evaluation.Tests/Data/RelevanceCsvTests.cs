using NativeRetrieval.Core.Errors;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Evaluation.Metrics;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Evaluation.Tests.Data;

public sealed class RelevanceCsvTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ReadsTheAnnotationsOfDcase2025()
    {
        var queries = Read("id,query,audio_filenames\n1,\"Rain, then thunder\","
            + "\"['a.wav', \"\"b's, 2.wav\"\", 'c\\'d.wav']\"\n2,ü,['é.wav']\n");
        Assert.Equal(["Rain, then thunder", "ü"], queries.Select(query => query.Query));
        Assert.Equal(["a.wav", "b's, 2.wav", "c'd.wav"], queries[0].FileNames);
        Assert.Equal(["é.wav"], queries[1].FileNames);
    }

    [Fact]
    public void ReadsOneRowForEachPair()
    {
        var queries = Read("query,file_name\nrain,a.wav\nwind,b.wav\nrain,c.wav\n");
        Assert.Equal([("rain", "a.wav c.wav"), ("wind", "b.wav")],
            queries.Select(query => (query.Query, string.Join(" ", query.FileNames))));
    }

    [Theory]
    [InlineData("query,files\nx,y\n", "line 1: no column 'audio_filenames' or 'file_name'")]
    [InlineData("text,file_name\nx,y\n", "line 1: no column 'query' or 'caption'")]
    [InlineData("query,audio_filenames\nrain,a.wav\n", "line 2: 'a.wav' is not a list")]
    [InlineData("query,audio_filenames\nrain,['a.wav' 'b.wav']\n", "is not a list")]
    [InlineData("query,audio_filenames\nrain,['a.wav]\n", "is not a list")]
    [InlineData("query,audio_filenames\nrain,[]\n", "line 2: the query has no relevant file")]
    [InlineData("query,file_name\n ,a.wav\n", "line 2: the query is empty")]
    [InlineData("query,file_name\n", "there is a header but no query")]
    public void ErrorsNameFileAndLine(string text, string message)
    {
        var error = Assert.Throws<CaptionFileException>(() => Read(text));
        Assert.StartsWith(_folder["relevance.csv"], error.Message);
        Assert.Contains(message, error.Message);
    }

    [Fact]
    public void AQueryCsvHasNoAnswers()
    {
        File.WriteAllText(_folder["queries.csv"], "caption\n\"a dog, far away\"\nü\nü\n");
        Assert.True(QueryCsv.HasNoAnswers(_folder["queries.csv"]));
        Assert.Equal(["a dog, far away", "ü", "ü"], QueryCsv.Read(_folder["queries.csv"]));
        File.WriteAllText(_folder["captions.csv"], "file_name,caption\na.wav,x\n");
        Assert.False(QueryCsv.HasNoAnswers(_folder["captions.csv"]));
        File.WriteAllText(_folder["queries.csv"], "caption\n");
        Assert.Contains("no query", Assert.Throws<CaptionFileException>(() => QueryCsv.Read(_folder["queries.csv"])).Message);
    }

    [Fact]
    public void FilesThatCannotBeDecodedAreLeftOutAndStrangersRefused()
    {
        var all = new Dataset("x.csv", [Clip("a"), Clip("b"), Clip("c")]);
        var kept = all with { Clips = [all.Clips[0], all.Clips[2]] };
        RelevantFiles[] relevant = [new("rain", ["c.wav", "b.wav"], 2), new("wind", ["b.wav"], 3)];
        var task = RetrievalTask.From(relevant, kept, all);
        Assert.Equal(["rain"], task.Texts);
        Assert.Equal([1], task.TextToClips.ItemsOf(0));
        Assert.Contains("'d.wav' (line 9)", Assert.Throws<OptionException>(() => RetrievalTask.From([new("x", ["d.wav"], 9)], kept, all))
            .Message);
        Assert.Throws<OptionException>(() => RetrievalTask.From([relevant[1]], kept, all));
    }

    static Clip Clip(string name) => new(name + ".wav", name, ["x"], 0);

    IReadOnlyList<RelevantFiles> Read(string text)
    {
        File.WriteAllText(_folder["relevance.csv"], text);
        return RelevanceCsv.Read(_folder["relevance.csv"]);
    }
}
