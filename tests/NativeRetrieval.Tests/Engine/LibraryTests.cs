using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.Indexing;
using NativeRetrieval.Models;
using NativeRetrieval.TestModels;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Tests.Engine;

/// <summary>Questions to a library of tagged files, by a model of random weights.</summary>
public sealed class LibraryTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly RetrievalEngine _engine;
    readonly LocalAudioIndex _index;

    public LibraryTests()
    {
        _engine = TinyModel.Open(_folder["model"]);
        Directory.CreateDirectory(_folder["sounds/Animals"]);
        foreach (var (name, pitch) in ((string, double)[])[("Animals/BigDog.wav", 300), ("rain_02.wav", 900), ("a.wav", 2_000)])
            WavFile.Write(_folder[$"sounds/{name}"], 0.7, pitch);
        _index = LocalAudioIndex.Create(_folder["i.nrx"], _engine.IndexSettings());
    }

    public void Dispose()
    {
        _index.Dispose();
        _engine.Dispose();
        _folder.Dispose();
    }

    Task<IndexingReport> IndexAsync(FileDescriber? describer = null) => new AudioIndexer(_engine, _index)
    {
        Describer = describer ?? new FileDescriber(), ReadTexts = _engine.ReadTexts, Time = TimeProvider.System,
    }.RunAsync([_folder["sounds"]], cancellation: TestContext.Current.CancellationToken);

    async Task<IReadOnlyList<LibraryHit>> Ask(LibraryQuery query) =>
        (await new LibrarySearch(_engine, _index).SearchAsync(query, TestContext.Current.CancellationToken)).Hits;

    static LibraryQuery Of(params QueryPart[] parts) => new() { Parts = parts };

    [Fact]
    public async Task Names_are_found_and_the_hit_says_why()
    {
        await IndexAsync();
        var hit = (await Ask(Of(QueryPart.Sentence("the dogs bark")) with { WordWeight = 10 }))[0];
        Assert.Equal(("BigDog.wav", 1, 16_000, 1), (Path.GetFileName(hit.Path), hit.WordRank, hit.Details.SampleRateHz,
            hit.Details.Channels));
        Assert.Equal(["dogs"], hit.MatchedWords);
        Assert.InRange(hit.Percentile, 0, 100);
        Assert.Equal(0.7, hit.Details.DurationSeconds, 1e-6);
        Assert.NotNull(hit.Details.AddedUtc);
    }

    [Fact]
    public async Task An_index_keeps_no_vectors_of_texts_in_8_bits()
    {
        using var rounded = _engine.OpenAgain(ModelParts.Text, TextPrecision.Int8);
        var indexer = new AudioIndexer(_engine, _index) { ReadTexts = rounded.ReadTexts };
        var error = await Assert.ThrowsAsync<OptionException>(() =>
            indexer.RunAsync([_folder["sounds"]], cancellation: TestContext.Current.CancellationToken));
        Assert.Contains("an index keeps the vectors of texts in float32", error.Message);
        Assert.NotEmpty(_index.TextsWithoutVectors());
        Assert.Null(_index.Background());
        await IndexAsync();
        Assert.Empty(_index.TextsWithoutVectors());
    }

    [Fact]
    public async Task Tables_describe_unchanged_files_without_embedding_them_again()
    {
        await IndexAsync();
        var added = _index.Details()[_folder["sounds/a.wav"]]!.AddedUtc;
        var again = await IndexAsync(new FileDescriber { Sidecar = path => path.EndsWith("a.wav", StringComparison.Ordinal)
            ? Audio.Metadata.SoundText.OfFields([("description", "a zither"), ("CatID", "MUSCPluck")]) : null,
            Ucs = new Dictionary<string, UcsCategory> { ["MUSCPluck"] = new("MUSICAL", "PLUCKED", "harp, lute") } });
        Assert.Equal((0, 3, 1), (again.Embedded, again.Unchanged, again.Redescribed));
        var hit = (await Ask(Of(QueryPart.Sentence("lutes")) with { WordWeight = 10 }))[0];
        Assert.Equal(("a zither", "MUSICAL-PLUCKED", added), (hit.Details.Description, hit.Details.Category, hit.Details.AddedUtc));
    }

    [Fact]
    public void The_categories_of_a_UCS_name_are_no_part_of_its_title()
    {
        WavFile.Write(_folder["GUNAntq-Close_Pistol-Shot Far_BS_Home.wav"], 0.1, 440);
        var details = new FileDescriber().Describe(_folder["GUNAntq-Close_Pistol-Shot Far_BS_Home.wav"], 0.1, added: null);
        Assert.Equal(("GUNAntq", "Shot Far", "Close; Pistol"), (details.CatId, details.Title, details.Other));
    }

    [Fact]
    public async Task Examples_and_sentences_are_added_by_their_weights()
    {
        await IndexAsync();
        var windows = _engine.EmbedFile(_folder["sounds/a.wav"], 2, 1, TestContext.Current.CancellationToken);
        var example = QueryPart.Vector(windows[0].Vector, label: "a.wav");
        Assert.Equal("a.wav", Path.GetFileName((await Ask(Of(example)))[0].Path));
        Assert.Equal(1, (await Ask(Of(example)))[0].Score, 1e-5);
        float[] text = _engine.EmbedTexts(["rain falls"]);
        float[] sum = [.. text.Zip(windows[0].Vector.ToArray(), (a, b) => a + 0.5f * b)];
        var expected = await _index.SearchAsync(sum, cancellationToken: TestContext.Current.CancellationToken);
        var mixed = await Ask(Of(QueryPart.Sentence("rain falls"), QueryPart.Vector(windows[0].Vector, 0.5)) with { WordWeight = 0 });
        Assert.Equal(expected.Select(hit => (hit.Path, Math.Round(hit.Score, 4))), mixed.Select(hit => (hit.Path, Math.Round(hit.Score,
            4))));
    }

    [Fact]
    public async Task What_is_not_wanted_and_wrong_questions()
    {
        await IndexAsync();
        Assert.DoesNotContain(await Ask(Of(QueryPart.Sentence("a dog is barking")) with { Without = ["rain"] }), hit =>
            hit.Path.EndsWith("rain_02.wav"));
        await Assert.ThrowsAsync<OptionException>(() => Ask(Of(QueryPart.Sentence(" "))));
        await Assert.ThrowsAsync<OptionException>(() => Ask(Of(QueryPart.Sentence("rain", -1))));
        await Assert.ThrowsAsync<OptionException>(() => Ask(Of(QueryPart.Sentence("rain"), QueryPart.Sentence("dog", double.NaN))));
        await Assert.ThrowsAsync<IndexException>(() => Ask(Of(QueryPart.Vector(new float[8]))));
        await Assert.ThrowsAsync<IndexException>(() => Ask(Of(QueryPart.Sentence("rain"), QueryPart.Sentence("rain", -1))));
    }

    [Fact]
    public async Task A_moved_file_keeps_its_day_and_takes_its_new_name()
    {
        await IndexAsync();
        var before = _index.Details()[_folder["sounds/rain_02.wav"]];
        File.Move(_folder["sounds/rain_02.wav"], _folder["sounds/Waterfall.wav"]);
        Assert.Equal(1, (await IndexAsync()).Moved);
        var hit = (await Ask(Of(QueryPart.Sentence("waterfall")) with { WordWeight = 10 }))[0];
        Assert.Equal(("Waterfall.wav", before!.AddedUtc), (Path.GetFileName(hit.Path), hit.Details.AddedUtc));
    }
}
