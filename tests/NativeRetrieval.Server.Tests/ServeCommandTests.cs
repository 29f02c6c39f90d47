using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using NativeRetrieval.Cli;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Server.Tests;

/// <summary>The program <c>nativeretrieval serve</c>, as a process of its own.</summary>
public sealed class ServeCommandTests(SharedService shared) : IClassFixture<SharedService>
{
    readonly TestService _service = shared.Service;

    [Fact]
    public async Task A_signal_lets_a_request_end_that_has_begun_and_the_program_with_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are sent by kill");
        var cancellation = TestContext.Current.CancellationToken;
        await using var service = Start("--port", "0");
        var process = service.Process;
        var address = await service.AddressAsync(cancellation);
        Assert.Equal("127.0.0.1", address.Host);
        Assert.Contains("Ctrl-C", await LineWith(process, "Ctrl-C", cancellation));

        const string body = """{"parts":[{"text":"rain"}]}""";
        using var client = new TcpClient(address.Host, address.Port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /v1/search HTTP/1.1\r\nHost: {address.Authority}\r\n"
            + $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\nConnection: close\r\nExpect: 100-continue\r\n\r\n"),
                cancellation);
        // "100 Continue": the request is being answered, and waits for its body.
        Assert.Contains("100", await LineOf(stream, cancellation));
        ProgramRun.Signal(process, "TERM");
        await LineWith(process, "stopping", cancellation);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(body), cancellation);
        string answer = await new StreamReader(stream).ReadToEndAsync(cancellation);
        Assert.Contains("HTTP/1.1 200", answer);
        Assert.Contains("rain.wav", answer);
        await process.WaitForExitAsync(cancellation);
        Assert.Equal(ExitCode.Ok, process.ExitCode);
    }

    [Fact]
    public async Task A_port_in_use_and_options_that_cannot_be_are_one_message_each()
    {
        var busy = await RefusedAsync("--port", $"{_service.Host.Address.Port}");
        Assert.Equal(ExitCode.Failure, busy.ExitCode);
        Assert.EndsWith($"error: 127.0.0.1:{_service.Host.Address.Port} is in use by another program; choose another port\n", busy.Error);

        var open = await RefusedAsync("--listen", "0.0.0.0", "--port", "0");
        Assert.Equal(ExitCode.Usage, open.ExitCode);
        Assert.Contains("error: 0.0.0.0 can be reached from other machines: that takes a key", open.Error);

        File.WriteAllText(_service["short.key"], "short\n");
        var weak = await RefusedAsync("--key-file", _service["short.key"]);
        Assert.Equal(ExitCode.Usage, weak.ExitCode);
        Assert.Contains("error: the key has 5 characters; it must have 16 or more", weak.Error);

        var name = await RefusedAsync("--listen", "somewhere");
        Assert.Equal(ExitCode.Usage, name.ExitCode);
        Assert.Contains("--listen somewhere: expected an IP address", name.Error);
    }

    [Fact]
    public async Task A_key_file_is_the_key()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await File.WriteAllTextAsync(_service["a.key"], "0123456789abcdefghij\n", cancellation);
        await using var service = Start("--port", "0", "--key-file", _service["a.key"]);
        using var client = new HttpClient { BaseAddress = await service.AddressAsync(cancellation) };
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/v1/indexes", cancellation)).StatusCode);
        client.DefaultRequestHeaders.Authorization = new("Bearer", "0123456789abcdefghij");
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/v1/indexes", cancellation)).StatusCode);
    }

    [Fact]
    public async Task A_file_of_captions_is_the_query_bank_and_is_embedded_once()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await File.WriteAllLinesAsync(_service["bank.txt"], Enumerable.Range(0, 11).Select(i => $"a dog is barking {i}"), cancellation);
        var start = ProgramRun.Start("NativeRetrieval.Cli.dll", Arguments(["--port", "0", "--query-bank", _service["bank.txt"]]));
        start.Environment["XDG_CACHE_HOME"] = _service["cache"];
        await using (var service = new RunningService(Process.Start(start)!))
        {
            using var client = new HttpClient { BaseAddress = await service.AddressAsync(cancellation) };
            Assert.Contains("\"query_bank_sentences\":11", await client.GetStringAsync("/v1/indexes", cancellation));
            Assert.Contains("rain.wav", await client.GetStringAsync("/v1/search?q=rain&query_bank=true", cancellation));
        }
        Assert.Single(Directory.GetFiles(_service["cache/nativeretrieval/query-banks"]));

        File.WriteAllText(_service["few.txt"], "rain\n");
        var few = await RefusedAsync("--query-bank", _service["few.txt"]);
        Assert.Equal(ExitCode.Usage, few.ExitCode);
        Assert.Contains("few.txt: 1 different sentence cannot tell", few.Error);
    }

    [Fact]
    public async Task A_table_tells_of_the_sounds_that_requests_index_and_is_read_again_when_it_changes()
    {
        var cancellation = TestContext.Current.CancellationToken;
        Directory.CreateDirectory(_service["more"]);
        WavFile.Write(_service["more/one.wav"], 1, 440);
        await File.WriteAllTextAsync(_service["more.csv"], "file_name,description\none.wav,a zither\n", cancellation);
        string[] tables = ["--details", _service["more.csv"]];
        await using (var service = Start(["--port", "0", "--sounds", _service["more"], .. tables]))
        {
            using var client = new HttpClient { BaseAddress = await service.AddressAsync(cancellation) };
            await IndexAsync(client);
            Assert.Contains("\"words\":[\"zither\"]", await client.GetStringAsync("/v1/search?q=zither", cancellation));
            await File.WriteAllTextAsync(_service["more.csv"], "file_name,description\none.wav,a dulcimer\n", cancellation);
            await IndexAsync(client);
            Assert.Contains("\"words\":[\"dulcimer\"]", await client.GetStringAsync("/v1/search?q=dulcimer", cancellation));
        }

        var alone = await RefusedAsync(tables);
        Assert.Equal(ExitCode.Usage, alone.ExitCode);
        Assert.Contains("--details and --ucs tell of the sounds in the folders of --sounds", alone.Error);
        var absent = await RefusedAsync("--sounds", _service["more"], "--ucs", _service["absent.csv"]);
        Assert.Contains("absent.csv", absent.Error);

        async Task IndexAsync(HttpClient client)
        {
            using var response = await client.PostAsync("/v1/index", new StringContent("{}", Encoding.UTF8, "application/json"),
                cancellation);
            Assert.Contains("event: done", await response.Content.ReadAsStringAsync(cancellation));
        }
    }

    string[] Arguments(string[] rest) => ["serve", "--index", _service.IndexFolder, "--device", "cpu", .. rest];

    /// <summary>Exit code and message of the program for options with which it does not serve.</summary>
    async Task<(int ExitCode, string Error)> RefusedAsync(params string[] rest)
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var service = Start(rest);
        var error = service.Process.StandardError.ReadToEndAsync(cancellation);
        Assert.Null(await service.Process.StandardOutput.ReadLineAsync(cancellation)); // one that serves prints its address
        await service.Process.WaitForExitAsync(cancellation);
        return (service.Process.ExitCode, await error);
    }

    RunningService Start(params string[] rest) => new(Process.Start(ProgramRun.Start("NativeRetrieval.Cli.dll", Arguments(rest)))!);

    static async Task<string> LineWith(Process process, string word, CancellationToken cancellation)
    {
        while (await process.StandardError.ReadLineAsync(cancellation) is { } line)
            if (line.Contains(word, StringComparison.Ordinal)) return line;
        throw new InvalidOperationException($"the program ended before it said '{word}'");
    }

    static async Task<string> LineOf(Stream stream, CancellationToken cancellation)
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (!line.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(one, cancellation) == 1)
            line.Append((char)one[0]);
        return line.ToString();
    }

    /// <summary>A program that serves until its test ends, however that ends.</summary>
    sealed class RunningService(Process process) : IAsyncDisposable
    {
        public Process Process => process;

        /// <summary>The address that the program prints.</summary>
        public async Task<Uri> AddressAsync(CancellationToken cancellation) =>
            new((await process.StandardOutput.ReadLineAsync(cancellation))!);

        public async ValueTask DisposeAsync()
        {
            process.Kill(); // nothing where it has ended
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }
}
