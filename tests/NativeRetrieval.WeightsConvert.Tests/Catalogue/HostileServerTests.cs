using System.Security.Cryptography;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.TestSupport;
using NativeRetrieval.WeightsConvert.Catalogue;
using static NativeRetrieval.TestSupport.ScriptedServer;

namespace NativeRetrieval.WeightsConvert.Tests.Catalogue;

/// <summary>Servers and networks that do what they should not. Each ends in the whole right file or in a clear failure.</summary>
public sealed class HostileServerTests : IDisposable
{
    const string Binary = "Content-Type: application/octet-stream", Whole = "";
    const int MostUnknown = 100_000;

    static readonly byte[] _content = [.. Enumerable.Range(0, 10_000).Select(i => (byte)(i * 7 + (i >> 8)))];
    static readonly byte[] _other = [.. _content.Select(value => (byte)~value)];
    static readonly TimeSpan _stall = TimeSpan.FromHours(1);

    /// <summary>Servers by their misdeed, each with words of the message that follows where neither size nor checksum is known.</summary>
    static readonly Dictionary<string, (Func<Request, Response> Server, string Says)> _servers = new()
    {
        ["cut, no length"] = (_ => new(["200 OK", Binary], _content[..3000]), "cannot be told from a whole one"),
        ["whole, no length"] = (_ => new(["200 OK", Binary], _content), "cannot be told from a whole one"),
        ["cut in chunks"] = (_ => Response.Chunked(_content[..3000], 1000, cut: true), "after 6 attempts"),
        ["whole in chunks"] = (_ => Response.Chunked(_content, 999), Whole),
        ["always cut at the same byte"] = (request => Response.Of(request, _content).Cut(Math.Max(0, 3000 - request.From)),
            "3000 bytes are kept"),
        ["416 with another total"] = (request => request.Number % 2 == 0
            ? Response.Of(request, _content).Cut(3000)
            : new(["416 Range Not Satisfiable", "Content-Range: bytes */3000", "Content-Length: 0"], []), "changed 3 times"),
        ["416 at once"] = (_ => new(["416 Range Not Satisfiable", "Content-Range: bytes */0", "Content-Length: 0"], []),
            "416 though the whole"),
        ["206 with another total"] = (request => request.Number % 2 == 0
            ? Response.Of(request, _content).Cut(3000)
            : Part(request, _content, 4000), "had 10000 bytes before and has 4000 now"),
        ["206 of another file"] = (request => request.Number % 2 == 0
            ? Response.Of(request, _content).Cut(3000)
            : Part(request, _other, 10_000, "\"two\""), "changed since its beginning"),
        ["206 from elsewhere on"] = (request => request.Number % 2 == 0
            ? Response.Of(request, _content).Cut(3000)
            : new(["206 Partial Content", "Content-Range: bytes 2000-9999/10000", "Content-Length: 8000",
            "ETag: \"one\""], _content[2000..]),
            "bytes from 2000 on"),
        ["206 unasked"] = (_ => new(["206 Partial Content", "Content-Range: bytes 0-9999/10000", "Content-Length: 10000"], _content),
            "a part though the whole"),
        ["206 of unknown total"] = (request => request.Number % 2 == 0
            ? Response.Chunked(_content[..3000], 1000, cut: true, "ETag: \"one\"")
            : new(["206 Partial Content", $"Content-Range: bytes {request.From}-5000/*", $"Content-Length: {5001 - request.From}",
                "ETag: \"one\""], _content[request.From..5001]), "does not say how long the whole is"),
        ["a new file at each request"] = (request =>
            Response.Of(request, _content[..(9000 + request.Number)], $"\"{request.Number}\"").Cut(3000),
            "after 6 attempts"),
        ["encoded"] = (_ => Body([0, 1, 2, 3], "Content-Encoding: gzip"), "encoded as gzip"),
        ["gzip unsaid"] = (_ => Body([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 7, 8]), "compressed by gzip"),
        ["JSON"] = (_ => new(["200 OK", "Content-Type: application/json", "Content-Length: 12"], "{\"error\": 1}"u8.ToArray()),
            "service's answer"),
        ["JSON as binary"] = (_ => Body("{\"error\": 1}"u8.ToArray()), "service's answer"),
        ["XML as binary"] = (_ => Body("<?xml version=\"1.0\"?><Error/>"u8.ToArray()), "service's answer"),
        ["a web page"] = (_ => new(["200 OK", "Content-Type: text/html"], "Please log in"u8.ToArray()), "web page"),
        ["empty"] = (_ => Body([]), "empty file"),
        ["empty, no length"] = (_ => new(["200 OK", Binary], []), "empty file"),
        ["204"] = (_ => Response.Status("204 No Content"), "which is no file"),
        ["endless"] = (_ => new(["200 OK", Binary], _content, Endless: true), "more than 100000 bytes"),
        ["endless chunks"] = (_ => new(["200 OK", "Transfer-Encoding: chunked"], [.. "a\r\n"u8, .. _content.AsSpan(0, 10), .. "\r\n"u8],
            Endless: true), "more than 100000 bytes"),
        ["a length beyond the limit"] = (_ => new(["200 OK", "Content-Length: 100001"], _content, Endless: true), "more than 100000 bytes"),
        ["to a file"] = (_ => Response.Status("302 Found", "Location: file:///etc/hostname"), "no web address"),
        ["to FTP"] = (_ => Response.Status("307 Temporary Redirect", "Location: ftp://127.0.0.1/x"), "no web address"),
        ["to nowhere"] = (_ => Response.Status("301 Moved Permanently"), "names no address"),
        ["in a circle"] = (request => Response.Status("302 Found", $"Location: /{request.Number}"), "11 redirections"),
        ["controls in its phrase"] = (_ => Response.Status("404 No\u0007pe"), "404"),
        ["a byte per connection"] = (request => Response.Of(request, _content).Cut(Math.Min(1, _content.Length - request.From)),
            "after 20 attempts"),
    };

    readonly TemporaryFolder _folder = new();

    string Target => _folder["weights.pth"];

    public static TheoryData<string, string> Cases()
    {
        var cases = new TheoryData<string, string>();
        foreach (string server in _servers.Keys)
            foreach (string known in new[] { "nothing", "size", "SHA-256", "both" }) cases.Add(server, known);
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task It_ends_in_the_whole_right_file_or_a_clear_failure(string server, string known)
    {
        var (answer, says) = _servers[server];
        using var scripted = new ScriptedServer(answer);
        var file = new CatalogueFile("weights.pth", "http://example.org/weights.pth",
            known is "size" or "both" ? _content.Length : null,
            Sha256: known is "SHA-256" or "both" ? Convert.ToHexStringLower(SHA256.HashData(_content)) : null);
        var error = await Record.ExceptionAsync(() => Fetch(scripted.Address, file));
        if (error is null)
        {
            Assert.Equal(_content, File.ReadAllBytes(Target));
            Assert.Equal([Target], Directory.GetFiles(_folder.FullPath));
            Assert.True(known != "nothing" || says == Whole, "this cannot be known to be whole");
            return;
        }
        Assert.True(error is DownloadException or CorruptFileException, error.ToString());
        Assert.False(File.Exists(Target));
        Assert.DoesNotContain(error.Message, char.IsControl);
        if (known != "nothing") return;
        Assert.NotEqual(Whole, says);
        Assert.Contains(says, error.Message);
    }

    [Fact]
    public async Task A_connection_slower_than_the_least_rate_is_given_up()
    {
        using var server = new ScriptedServer(request => Response.Of(request, _content) with { Hang = true });
        var time = new InstantTime(_stall) { PerLook = TimeSpan.FromSeconds(61) };
        var e = await Assert.ThrowsAsync<DownloadException>(() =>
            Fetch(server.Address, new("weights.pth", "http://example.org/weights.pth"), time, attempts: 1));
        Assert.Contains("bytes came in 61 s, expected at least 1024 a second", e.Message);
        Assert.False(File.Exists(Target));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task From_https_to_http_only_when_asked(bool allowed)
    {
        using var client = new HttpClient(new Redirecting(_content));
        var options = new DownloadOptions { AllowHttp = allowed };
        var file = new CatalogueFile("weights.pth", "https://example.org/weights.pth");
        Task<FileDigest> Run() => new Downloader(client, new InstantTime(_stall), options)
            .FetchAsync(file, new Uri(file.Url!), Target, null, TestContext.Current.CancellationToken);
        if (allowed) Assert.Equal(_content.Length, (await Run()).SizeBytes);
        else Assert.Contains("--allow-http", (await Assert.ThrowsAsync<DownloadException>(Run)).Message);
        Assert.Equal(allowed, File.Exists(Target));
    }

    [Fact]
    public async Task A_safetensors_file_is_not_taken_for_text()
    {
        // A header of 0x7b bytes begins with the value of a brace.
        byte[] content = [0x7b, 0, 0, 0, 0, 0, 0, 0, .. "{\"x\":1}"u8];
        using var server = new ScriptedServer(request => Response.Of(request, content));
        await Fetch(server.Address, new("weights.safetensors", "http://example.org/x"));
        Assert.Equal(content, File.ReadAllBytes(Target));
    }

    public void Dispose() => _folder.Dispose();

    async Task Fetch(Uri address, CatalogueFile file, TimeProvider? time = null, int attempts = 6)
    {
        using var client = Downloader.CreateClient();
        var options = new DownloadOptions { Stall = _stall, LargestUnknown = MostUnknown, Requests = 20, Attempts = attempts };
        await new Downloader(client, time ?? new InstantTime(_stall), options)
            .FetchAsync(file, new Uri(address, file.Name), Target, null, TestContext.Current.CancellationToken);
    }

    static Response Body(byte[] content, params string[] headers) =>
        new(["200 OK", Binary, $"Content-Length: {content.Length}", .. headers], content);

    static Response Part(Request request, byte[] content, int total, string etag = "\"one\"") =>
        new(["206 Partial Content", $"Content-Range: bytes {request.From}-{total - 1}/{total}", $"Content-Length: {total - request.From}",
            $"ETag: {etag}"], content[request.From..total]);

    sealed class Redirecting(byte[] content) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = new HttpResponseMessage(request.RequestUri!.Scheme == "https" ? System.Net.HttpStatusCode.Found
                : System.Net.HttpStatusCode.OK) { Content = new ByteArrayContent(content) };
            if (request.RequestUri.Scheme == "https") response.Headers.Location = new Uri("http://example.org/weights.pth");
            return Task.FromResult(response);
        }
    }
}
