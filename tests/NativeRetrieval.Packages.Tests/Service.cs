using System.Diagnostics;
using System.Text.RegularExpressions;

namespace NativeRetrieval.Packages.Tests;

/// <summary>A program that serves, on a port of its own.</summary>
internal sealed partial class Service : IDisposable
{
    readonly Process _process;
    readonly HttpClient _client;
    readonly string _address;

    /// <param name="folder">Folder in which it runs.</param>
    /// <param name="environment">Variables beside the inherited ones.</param>
    public Service(string folder, IReadOnlyDictionary<string, string?> environment, string program, string index)
    {
        var start = new ProcessStartInfo(program, ["serve", "--index", index, "--port", "0", "--quiet"])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        _process = Process.Start(start)!;
        _address = _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("the service ended without an address");
        _client = new HttpClient { BaseAddress = new Uri(_address) };
    }

    /// <summary>Status, media type and text of an answer, without what is this process's own: its address and times.</summary>
    public async Task<string> AskAsync(string path, byte[]? body, CancellationToken cancellation)
    {
        using var answer = body is null ? await _client.GetAsync(path, cancellation)
            : await _client.PostAsync(path, new ByteArrayContent(body), cancellation);
        string text = await answer.Content.ReadAsStringAsync(cancellation);
        return $"{(int)answer.StatusCode} {answer.Content.Headers.ContentType}\n"
            + Took().Replace(text.Replace(_address, "ADDRESS/"), "\"took_ms\":0");
    }

    public void Dispose()
    {
        _client.Dispose();
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    [GeneratedRegex("\"took_ms\":[0-9.E-]+")]
    private static partial Regex Took();
}
