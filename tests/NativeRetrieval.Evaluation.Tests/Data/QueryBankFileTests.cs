using NativeRetrieval.Core.Errors;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Evaluation.Tests.Data;

public sealed class QueryBankFileTests : IDisposable
{
    static readonly string[] _twelve = [.. Enumerable.Range(1, 12).Select(number => $"sound {number}")];

    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    string Written(string name, params string[] lines)
    {
        File.WriteAllLines(_folder[name], lines);
        return _folder[name];
    }

    [Fact]
    public void Lines_queries_and_captions_are_read_each_once()
    {
        Assert.Equal(_twelve, QueryBankFile.Read(Written("a.txt", [.. _twelve, "", " sound 3 "])));
        Assert.Equal(_twelve, QueryBankFile.Read(Written("b.csv", ["caption", .. _twelve])));
        Assert.Equal(_twelve, QueryBankFile.Read(Written("c.csv", ["file_name,caption_1,caption_2",
            .. Enumerable.Range(0, 6).Select(clip => $"{clip}.wav,{_twelve[2 * clip]},{_twelve[2 * clip + 1]}"),
            "7.wav,sound 1,sound 2"])));
    }

    [Fact]
    public void Too_few_no_table_and_no_file_are_refused_by_name()
    {
        string few = Written("few.txt", [.. Enumerable.Repeat("rain", 50)]);
        Assert.Equal($"{few}: 1 different sentence cannot tell which sounds are near to any; a query bank takes 10 or more, best some "
            + "hundreds of captions or questions of all kinds", Assert.Throws<OptionException>(() => QueryBankFile.Read(few)).Message);
        Assert.Throws<OptionException>(() => QueryBankFile.Read(Written("empty.txt")));
        Assert.Throws<CaptionFileException>(() => QueryBankFile.Read(Written("numbers.csv", "a,b", "1,2")));
        Assert.Throws<FileReadException>(() => QueryBankFile.Read(_folder["absent.txt"]));
        File.WriteAllBytes(_folder["latin.txt"], [0x72, 0xE9, 0x0A]);
        Assert.Throws<CorruptFileException>(() => QueryBankFile.Read(_folder["latin.txt"]));
    }
}
