using System.Security.Cryptography;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.TestSupport;
using NativeRetrieval.WeightsConvert.Catalogue;
using static NativeRetrieval.TestSupport.ScriptedServer;

namespace NativeRetrieval.WeightsConvert.Tests.Catalogue;

public sealed class DownloaderTests : IDisposable
{
    static readonly byte[] _content = Content(seed: 1);
    static readonly TimeSpan _stall = TimeSpan.FromHours(1);

    readonly TemporaryFolder _folder = new();
    readonly InstantTime _time = new(_stall);

    string Target => _folder["weights.pth"];

    [Fact]
    public async Task A_file_arrives_under_its_name_with_nothing_beside_it()
    {
        using var server = new ScriptedServer(request => Response.Of(request, _content));
        long reported = 0;
        var digest = await Fetch(server, bytes => reported = bytes);
        Assert.Equal(_content, File.ReadAllBytes(Target));
        Assert.Equal(Sha256(_content), digest.Sha256);
        Assert.Equal(_content.Length, reported);
        Assert.Equal([Target], Directory.GetFiles(_folder.FullPath));
    }

    [Fact]
    public async Task A_cut_connection_is_taken_up_where_it_broke()
    {
        using var server = new ScriptedServer(request => request.Number < 3
            ? Response.Of(request, _content).Cut(1000)
            : Response.Of(request, _content));
        await Fetch(server);
        Assert.Equal(_content, File.ReadAllBytes(Target));
        Assert.Equal([null, "bytes=1000-", "bytes=2000-", "bytes=3000-"], server.Requests.Select(request => request.Range));
        Assert.All(server.Requests.Skip(1), request => Assert.Equal("\"one\"", request.Headers["If-Range"]));
        Assert.Equal(Enumerable.Repeat(TimeSpan.FromSeconds(1), 3), _time.Waits);
    }

    [Fact]
    public async Task A_cancelled_download_goes_on_in_the_next_process()
    {
        using var stop = new CancellationTokenSource();
        using (var server = new ScriptedServer(request => Response.Of(request, _content).Cut(5000) with { Hang = true }))
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Fetch(server, _ => stop.Cancel(), stop: stop));
        Assert.False(File.Exists(Target));
        int kept = (int)new FileInfo(Target + ".part").Length;
        Assert.InRange(kept, 1, 5000);
    }

    [Fact]
    public async Task What_an_earlier_process_left_is_continued()
    {
        using var server = new ScriptedServer(request => request.Number == 0
            ? Response.Of(request, _content).Cut(4000)
            : Response.Of(request, _content));
        await Assert.ThrowsAsync<DownloadException>(() => Fetch(server, options: new() { Attempts = 1 }));
        await Fetch(server);
        Assert.Equal("bytes=4000-", server.Requests[1].Range);
        Assert.Equal(_content, File.ReadAllBytes(Target));
    }

    [Fact]
    public async Task A_file_that_changed_between_two_parts_is_fetched_whole()
    {
        byte[] older = Content(seed: 2);
        using var server = new ScriptedServer(request => request.Number == 0
            ? Response.Of(request, older, "\"old\"").Cut(3000)
            : Response.Of(request, _content, "\"new\""));
        await Fetch(server);
        Assert.Equal(2, server.Requests.Count);
        Assert.Equal(_content, File.ReadAllBytes(Target));
    }

    [Fact]
    public async Task Without_a_validator_mixed_parts_are_found_by_the_checksum_and_fetched_anew()
    {
        byte[] older = Content(seed: 2);
        using var server = new ScriptedServer(request => request.Number == 0
            ? Response.Of(request, older, etag: null).Cut(3000)
            : Response.Of(request, _content, etag: null));
        await Fetch(server);
        Assert.Equal([null, "bytes=3000-", null], server.Requests.Select(request => request.Range));
        Assert.Equal(_content, File.ReadAllBytes(Target));
    }

    [Fact]
    public async Task Without_validator_and_checksum_nothing_is_continued()
    {
        using var server = new ScriptedServer(request => request.Number == 0
            ? Response.Of(request, _content, etag: null).Cut(3000)
            : Response.Of(request, _content, etag: null));
        await Fetch(server, file: Entry() with { Sha256 = null, Md5 = null });
        Assert.Equal([null, null], server.Requests.Select(request => request.Range));
        Assert.Equal(_content, File.ReadAllBytes(Target));
    }

    [Fact]
    public async Task A_server_that_ignores_ranges_is_understood()
    {
        using var server = new ScriptedServer(request =>
            request.Number == 0
                ? Response.Of(request, _content).Cut(3000)
                : Response.Of(request with { Headers = new Dictionary<string, string>() }, _content));
        await Fetch(server);
        Assert.Equal(_content, File.ReadAllBytes(Target));
    }

    [Fact]
    public async Task A_complete_part_needs_no_more_bytes()
    {
        using (var first = new ScriptedServer(request =>
            Response.Of(request, _content) with { Head = ["200 OK", "Content-Length: 99999", "ETag: \"one\""] }))
            await Assert.ThrowsAsync<DownloadException>(() =>
                Fetch(first, file: Entry() with { SizeBytes = null }, options: new() { Attempts = 1 }));
        // The same address again, as the same server would have after its restart.
        using var server = new ScriptedServer(request => Response.Of(request, _content));
        string state = File.ReadAllText(Target + ".part.json");
        File.WriteAllText(Target + ".part.json",
            System.Text.RegularExpressions.Regex.Replace(state, "http://127.0.0.1:\\d+/", server.Address.AbsoluteUri));
        await Fetch(server);
        Assert.Equal(_content, File.ReadAllBytes(Target));
        Assert.Equal($"bytes={_content.Length}-", Assert.Single(server.Requests).Range);
    }

    [Fact]
    public async Task Wrong_bytes_are_refused_and_not_kept()
    {
        byte[] wrong = Content(seed: 3);
        using var server = new ScriptedServer(request => Response.Of(request, wrong));
        var e = await Assert.ThrowsAsync<CorruptFileException>(() => Fetch(server));
        Assert.Contains(Sha256(_content), e.Message);
        Assert.Contains(Sha256(wrong), e.Message);
        Assert.Empty(Directory.GetFiles(_folder.FullPath));
    }

    [Fact]
    public async Task A_wrong_length_is_refused_before_anything_is_fetched()
    {
        using var server = new ScriptedServer(request => Response.Of(request, _content[..^1]));
        var e = await Assert.ThrowsAsync<CorruptFileException>(() => Fetch(server));
        Assert.Contains($"expected {_content.Length}, 127.0.0.1 has {_content.Length - 1}", e.Message);
        Assert.Empty(Directory.GetFiles(_folder.FullPath));
    }

    [Fact]
    public async Task More_than_expected_without_a_length_is_refused()
    {
        using var server = new ScriptedServer(request => new(["200 OK", "Content-Type: application/octet-stream"], [.. _content, 0]));
        Assert.Contains("more than that", (await Assert.ThrowsAsync<CorruptFileException>(() => Fetch(server))).Message);
        Assert.Empty(Directory.GetFiles(_folder.FullPath));
    }

    [Theory]
    [InlineData("404 Not Found", "not there any more")]
    [InlineData("410 Gone", "not there any more")]
    [InlineData("403 Forbidden", "permission")]
    [InlineData("418 I'm a teapot", "no file")]
    public async Task A_refusal_is_told_at_once(string status, string says)
    {
        using var server = new ScriptedServer(request => Response.Status(status));
        var e = await Assert.ThrowsAsync<DownloadException>(() => Fetch(server));
        Assert.Contains(says, e.Message);
        Assert.Contains(status[..3], e.Message);
        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData("Content-Type: text/html; charset=utf-8", "Please log in")]
    [InlineData("Content-Type: application/octet-stream", "\n<!DOCTYPE HTML><title>Please log in</title>")]
    public async Task A_web_page_is_not_taken_for_the_file(string type, string text)
    {
        byte[] page = System.Text.Encoding.UTF8.GetBytes(text);
        using var server = new ScriptedServer(request => new(["200 OK", type], page));
        Assert.Contains("web page", (await Assert.ThrowsAsync<DownloadException>(() => Fetch(server))).Message);
        Assert.DoesNotContain(Directory.GetFiles(_folder.FullPath), path => path.EndsWith(".pth") || path.EndsWith(".part"));
    }

    [Fact]
    public async Task A_busy_server_is_asked_again_when_it_says_and_ever_more_slowly_otherwise()
    {
        using var server = new ScriptedServer(request => request.Number switch
        {
            0 => Response.Status("503 Service Unavailable", "Retry-After: 7"),
            1 => Response.Status("500 Internal Server Error"),
            2 => Response.Status("429 Too Many Requests", "Retry-After: 4000"),
            3 => Response.Status("502 Bad Gateway"),
            _ => Response.Of(request, _content),
        });
        await Fetch(server);
        Assert.Equal(new double[] { 7, 2, 30, 8 }, _time.Waits.Select(wait => wait.TotalSeconds));
    }

    [Fact]
    public async Task A_server_that_stays_away_is_given_up()
    {
        Uri address;
        using (var server = new ScriptedServer(request => Response.Of(request, _content))) address = server.Address;
        var e = await Assert.ThrowsAsync<DownloadException>(() => Fetch(address, Entry()));
        Assert.Contains("after 6 attempts", e.Message);
        Assert.Contains("--from", e.Message);
        Assert.Equal(new double[] { 1, 2, 4, 8, 16 }, _time.Waits.Select(wait => wait.TotalSeconds));
    }

    [Fact]
    public async Task A_silent_connection_counts_as_broken()
    {
        using var server = new ScriptedServer(request => request.Number == 0
            ? new(["200 OK", $"Content-Length: {_content.Length}", "ETag: \"one\""], [], Hang: true)
            : Response.Of(request, _content));
        // Every timer fires at once here, the one that waits for the first response included.
        var time = new InstantTime(TimeSpan.MaxValue);
        var e = await Assert.ThrowsAsync<DownloadException>(() =>
            Fetch(server.Address, Entry(), options: new() { Attempts = 2 }, time: time));
        Assert.Contains("nothing arrived for 60 s", e.Message);
    }

    [Fact]
    public async Task Redirections_are_followed()
    {
        using var server = new ScriptedServer(request => request.Path == "/elsewhere"
            ? Response.Of(request, _content)
            : Response.Status("302 Found", "Location: /elsewhere"));
        await Fetch(server);
        Assert.Equal(_content, File.ReadAllBytes(Target));
    }

    [Fact]
    public async Task A_file_that_no_disk_holds_is_refused_before_it_is_begun()
    {
        const long Huge = long.MaxValue / 2;
        using var server = new ScriptedServer(request => new(["200 OK", $"Content-Length: {Huge}"], []));
        var e = await Assert.ThrowsAsync<FileWriteException>(() => Fetch(server, file: Entry() with { SizeBytes = Huge }));
        Assert.Contains("its disk has", e.Message);
        Assert.Empty(Directory.GetFiles(_folder.FullPath));
    }

    public void Dispose() => _folder.Dispose();

    Task<FileDigest> Fetch(ScriptedServer server, Action<long>? report = null, CatalogueFile? file = null, DownloadOptions? options = null,
        CancellationTokenSource? stop = null) =>
        Fetch(server.Address, file ?? Entry(), report, options, null, stop);

    async Task<FileDigest> Fetch(Uri address, CatalogueFile file, Action<long>? report = null, DownloadOptions? options = null,
        TimeProvider? time = null, CancellationTokenSource? stop = null)
    {
        using var client = Downloader.CreateClient();
        options ??= new();
        if (time is null) options = options with { Stall = _stall };
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop?.Token ?? default, TestContext.Current.CancellationToken);
        return await new Downloader(client, time ?? _time, options)
            .FetchAsync(file, new Uri(address, "weights.pth"), Target, report, either.Token);
    }

    static CatalogueFile Entry() => new("weights.pth", "http://example.org/weights.pth", _content.Length, Md5(_content), Sha256(_content));

    static string Sha256(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    static string Md5(byte[] bytes) => Convert.ToHexStringLower(MD5.HashData(bytes));

    static byte[] Content(byte seed) => [.. Enumerable.Range(0, 10_000).Select(i => (byte)(i * seed + (i >> 8)))];
}
