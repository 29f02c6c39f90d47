using System.Security.Cryptography;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.TestSupport;
using NativeRetrieval.WeightsConvert.Catalogue;

namespace NativeRetrieval.WeightsConvert.Tests.Catalogue;

public sealed class ModelStoreTests : IDisposable
{
    static readonly byte[] _weights = [1, 2, 3, 4], _words = [5, 6];

    readonly TemporaryFolder _folder = new();
    readonly ScriptedServer _server = new(request => ScriptedServer.Response.Of(request,
        request.Path.EndsWith(".txt") ? _words : _weights));
    readonly HttpClient _client = Downloader.CreateClient();

    [Fact]
    public async Task All_files_come_with_their_checksums_recorded_and_a_second_fetch_brings_nothing()
    {
        var model = Model(checksums: true);
        string source = Source(model);
        var fetched = await Fetch(model);
        Assert.All(fetched, file => Assert.False(file.WasThere));
        Assert.True(ModelStore.HasSourceIn(_folder["store"], model));
        Assert.Equal(_words, File.ReadAllBytes(Path.Combine(source, "1_Pooling", "words.txt")));
        Assert.Empty(Problems(source));
        Assert.All(await Fetch(model), file => Assert.True(file.WasThere));
        Assert.Equal(2, _server.Requests.Count);
    }

    [Fact]
    public async Task Without_published_checksums_those_of_the_first_fetch_count()
    {
        var model = Model(checksums: false);
        await Fetch(model);
        Assert.All(await Fetch(model), file => Assert.True(file.WasThere));
        string weights = Path.Combine(Source(model), "weights.bin");
        File.WriteAllBytes(weights, [4, 3, 2, 1]);
        string problem = Assert.Single(Problems(Source(model)));
        Assert.Contains(Sha256(_weights), problem);
        Assert.Contains(Sha256([4, 3, 2, 1]), problem);
        Assert.False((await Fetch(model))[0].WasThere);
        Assert.Equal(_weights, File.ReadAllBytes(weights));
    }

    [Fact]
    public async Task What_cannot_be_verified_needs_a_consent()
    {
        var e = await Assert.ThrowsAsync<OptionException>(() => ModelStore.FetchAsync(Downloads, Model(checksums: false), _folder["to"],
            new(), TestContext.Current.CancellationToken));
        Assert.Contains("weights.bin, 1_Pooling/words.txt", e.Message);
        Assert.Contains("--accept-unverified", e.Message);
        Assert.Empty(_server.Requests);
        Assert.False(Directory.Exists(_folder["to"]));
    }

    [Fact]
    public async Task A_damaged_file_is_fetched_again()
    {
        var model = Model(checksums: true);
        await Fetch(model);
        File.WriteAllBytes(Path.Combine(Source(model), "weights.bin"), [0, 0, 0, 0]);
        Assert.Equal([false, true], (await Fetch(model)).Select(file => file.WasThere));
        Assert.Empty(Problems(Source(model)));
    }

    [Fact]
    public async Task A_mirror_has_the_files_under_the_model_s_name()
    {
        var model = Model(checksums: true) with { Files = [Model(checksums: true).Files[0] with { Url = "https://example.invalid/gone" }] };
        await ModelStore.FetchAsync(Downloads, model, _folder["to"], new() { Mirrors = Mirrors.Parse($"{_server.Address}mirror/") },
            TestContext.Current.CancellationToken);
        Assert.Equal("/mirror/small/weights.bin", Assert.Single(_server.Requests).Path);
    }

    [Fact]
    public async Task Files_from_a_folder_are_checked_and_copied_without_a_network()
    {
        var model = Model(checksums: true);
        Directory.CreateDirectory(_folder["stick/1_Pooling"]);
        File.WriteAllBytes(_folder["stick/weights.bin"], _weights);
        File.WriteAllBytes(_folder["stick/1_Pooling/words.txt"], _words);
        await ModelStore.FetchAsync(Downloads, model, _folder["to"], new() { From = _folder["stick"] },
            TestContext.Current.CancellationToken);
        Assert.Empty(_server.Requests);
        Assert.Equal(_weights, File.ReadAllBytes(_folder["to/weights.bin"]));

        File.WriteAllBytes(_folder["stick/weights.bin"], [1, 2, 3, 5]);
        await Assert.ThrowsAsync<CorruptFileException>(() => ModelStore.FetchAsync(Downloads, model, _folder["other"],
            new() { From = _folder["stick"] }, TestContext.Current.CancellationToken));
        Assert.False(File.Exists(_folder["other/weights.bin"]));
        File.Delete(_folder["stick/weights.bin"]);
        await Assert.ThrowsAsync<FileReadException>(() => ModelStore.FetchAsync(Downloads, model, _folder["other"],
            new() { From = _folder["stick"] }, TestContext.Current.CancellationToken));
        Assert.Empty(_server.Requests);
    }

    [Fact]
    public async Task One_file_of_the_user_stands_for_the_checkpoint_and_the_rest_is_fetched()
    {
        var model = Model(checksums: true);
        model = model with { Files = [model.Files[0] with { Url = null }, model.Files[1]] };
        var e = await Assert.ThrowsAsync<OptionException>(() => Fetch(model));
        Assert.Contains("weights.bin has no address", e.Message);
        Assert.Empty(_server.Requests);
        File.WriteAllBytes(_folder["downloaded (1).pt"], _weights);
        await ModelStore.FetchAsync(Downloads, model, Source(model), new() { From = _folder["downloaded (1).pt"] },
            TestContext.Current.CancellationToken);
        Assert.Equal("/words.txt", Assert.Single(_server.Requests).Path);
        Assert.Empty(Problems(Source(model)));
    }

    [Fact]
    public void A_model_that_is_never_fetched_says_why()
    {
        var e = Assert.Throws<OptionException>(() => ModelStore.RequireConsent(ModelCatalogue.Embedded.Find("laion/larger_clap_music"),
            new() { AcceptLicence = true, AcceptUnverified = true }));
        Assert.Contains("no better than chance", e.Message);
    }

    [Theory]
    [InlineData("wavcaps-cnn14-bert")]
    [InlineData("wavcaps-htsat-bert")]
    public void A_non_commercial_model_needs_consent_to_its_licence(string name)
    {
        var model = ModelCatalogue.Embedded.Find(name);
        var e = Assert.Throws<OptionException>(() => ModelStore.RequireConsent(model, new() { AcceptUnverified = true }));
        Assert.Contains("non-commercial research only", e.Message);
        Assert.Contains("--accept-licence", e.Message);
        ModelStore.RequireConsent(model, new() { AcceptUnverified = true, AcceptLicence = true });
    }

    [Fact]
    public void A_damaged_record_is_named()
    {
        Directory.CreateDirectory(_folder["store/small"]);
        foreach (string text in new[] { "", "[", "null", "{}", new string(' ', 70_000) })
        {
            File.WriteAllText(_folder["store/small/record.json"], text);
            var e = Assert.Throws<CorruptFileException>(() => ModelStore.Installed(_folder["store"]));
            Assert.Contains("fetch the model again", e.Message);
        }
        Assert.Empty(ModelStore.Installed(_folder["none"]));
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("/outside")]
    public void A_list_that_leaves_its_folder_is_refused(string name)
    {
        File.WriteAllText(_folder["SHA256SUMS"], $"{new string('0', 64)}  {name}\n");
        Assert.Throws<CorruptFileException>(() => Problems(_folder.FullPath));
    }

    [Fact]
    public void A_folder_without_a_list_cannot_be_verified() => Assert.Throws<FileReadException>(() => Problems(_folder.FullPath));

    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
        _folder.Dispose();
    }

    static IReadOnlyList<string> Problems(string folder) => ChecksumList.Verify(folder, TestContext.Current.CancellationToken);

    Downloader Downloads => new(_client, TimeProvider.System);

    string Source(CatalogueEntry model) => ModelStore.SourceIn(_folder["store"], model);

    Task<IReadOnlyList<FetchedFile>> Fetch(CatalogueEntry model) =>
        ModelStore.FetchAsync(Downloads, model, Source(model), new() { AcceptUnverified = model.Unverified },
            TestContext.Current.CancellationToken);

    CatalogueEntry Model(bool checksums) => new("small", CatalogueEntry.TextEncoder, "", "Apache-2.0", "", "bert", "",
    [
        new("weights.bin", $"{_server.Address}weights.bin", Sha256: checksums ? Sha256(_weights) : null),
        new("1_Pooling/words.txt", $"{_server.Address}words.txt", Sha256: checksums ? Sha256(_words) : null),
    ], Unverified: !checksums);

    static string Sha256(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
