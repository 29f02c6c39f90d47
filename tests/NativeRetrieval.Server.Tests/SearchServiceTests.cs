using System.Diagnostics;
using System.Text.Json;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Server.Tests;

/// <summary>The sample <c>src/samples/SearchService</c> as a process of its own.</summary>
public sealed class SearchServiceTests(SharedService shared) : IClassFixture<SharedService>
{
    const string Listening = "Now listening on: ";

    [Fact]
    public async Task The_sample_answers_searches_until_it_is_told_to_stop()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are sent by kill");
        var cancellation = TestContext.Current.CancellationToken;
        var start = ProgramRun.Start("SearchService.dll", "--NativeRetrieval:Indexes:0", shared.Service.IndexFolder);
        start.Environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        using var process = Process.Start(start)!;
        try
        {
            string? line;
            do line = await process.StandardOutput.ReadLineAsync(cancellation);
            while (line?.Contains(Listening) == false);
            Assert.NotNull(line);
            using var client = new HttpClient { BaseAddress = new Uri(line[(line.IndexOf(Listening) + Listening.Length)..].Trim()) };
            var found = JsonDocument.Parse(await client.GetStringAsync("/v1/search?q=rain&top=1", cancellation)).RootElement;
            Assert.Equal("rain.wav", found.GetProperty("hits")[0].GetProperty("name").GetString());
            Assert.Contains("ok", await client.GetStringAsync("/health", cancellation));
            ProgramRun.Signal(process, "TERM");
            await process.StandardOutput.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            Assert.Equal(0, process.ExitCode);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }
}
