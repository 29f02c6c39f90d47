using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.Indexing;
using NativeRetrieval.Models;
using NativeRetrieval.TestModels;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Tests.Engine;

/// <summary>Query banks, and the folder that keeps their vectors.</summary>
public sealed class QueryBankCacheTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly RetrievalEngine _engine;
    int _embedded;

    public QueryBankCacheTests() => _engine = TinyModel.Open(_folder["model"]);

    public void Dispose()
    {
        _engine.Dispose();
        _folder.Dispose();
    }

    static string[] Sentences(params string[] more) => [.. Enumerable.Range(0, 10).Select(i =>
        string.Join(' ', Enumerable.Repeat(i % 2 == 0 ? "a dog" : "rain falls", i + 1))), .. more];

    QueryBank Bank(RetrievalEngine engine, string[] sentences) => engine.EmbedQueryBank(sentences, _folder["cache"], () => _embedded++);

    string[] Entries() => Directory.GetFiles(_folder["cache"]);

    static double Hubness(QueryBank bank) => bank.HubnessOf([1, 0, 0, 0, 0, 0, 0, 0])[0];

    [Fact]
    public void A_bank_is_embedded_once_by_each_model()
    {
        var plain = new QueryBank(_engine.EmbedTexts(Sentences()), TinyModel.Dimension);
        double[] hubness = [Hubness(plain), Hubness(_engine.EmbedQueryBank(Sentences())), Hubness(Bank(_engine, Sentences())),
            Hubness(Bank(_engine, Sentences()))];
        Assert.Single(hubness.Distinct());
        Assert.Equal((1, 1), (_embedded, Entries().Length));
        Assert.NotEqual(hubness[0], Hubness(Bank(_engine, Sentences("a dog rain"))));
        TinyModel.Write(_folder["other"], seed: 2);
        using var other = RetrievalEngine.Open(_folder["other"], Core.Devices.CpuDevice.Shared);
        Assert.NotEqual(hubness[0], Hubness(Bank(other, Sentences())));
        Assert.Equal((3, 3), (_embedded, Entries().Length));
    }

    [Fact]
    public void A_text_encoder_in_8_bits_has_banks_of_its_own()
    {
        using var rounded = RetrievalEngine.Open(_folder["model"], Core.Devices.CpuDevice.Shared, textPrecision: TextPrecision.Int8);
        double hubness = Hubness(Bank(_engine, Sentences()));
        Assert.NotEqual(hubness, Hubness(Bank(rounded, Sentences())));
        Assert.Equal((2, 2), (_embedded, Entries().Length));
    }

    [Fact]
    public void Sentences_that_are_cut_elsewhere_are_another_bank()
    {
        Bank(_engine, Sentences("a dog", "rain"));
        Bank(_engine, Sentences("a do", "grain"));
        Assert.Equal((2, 2), (_embedded, Entries().Length));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(100)]
    [InlineData(0)]
    public void An_entry_that_is_damaged_is_made_anew(int place)
    {
        double hubness = Hubness(Bank(_engine, Sentences()));
        string entry = Assert.Single(Entries());
        byte[] bytes = File.ReadAllBytes(entry);
        if (place < 0) bytes[^1] ^= 1;
        else bytes = bytes[..place];
        File.WriteAllBytes(entry, bytes);
        Assert.Equal(hubness, Hubness(Bank(_engine, Sentences())));
        Assert.Equal(hubness, Hubness(Bank(_engine, Sentences())));
        Assert.Equal(2, _embedded);
    }

    [Fact]
    public void A_folder_that_cannot_be_written_costs_time_alone()
    {
        File.WriteAllText(_folder["cache"], "a file");
        double hubness = Hubness(Bank(_engine, Sentences()));
        Assert.Equal(hubness, Hubness(Bank(_engine, Sentences())));
        Assert.Equal((2, "a file"), (_embedded, File.ReadAllText(_folder["cache"])));
    }

    [Fact]
    public void A_bank_that_is_none_is_refused_and_not_kept()
    {
        Assert.Contains("takes 10 or more", Assert.Throws<OptionException>(() => Bank(_engine, Sentences()[1..])).Message);
        Assert.Contains("sentence 11 is empty", Assert.Throws<OptionException>(() => Bank(_engine, Sentences(" "))).Message);
        Assert.Equal(0, _embedded);
    }
}
