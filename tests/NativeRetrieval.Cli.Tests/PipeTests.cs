using System.Diagnostics;
using System.Text.Json;
using NativeRetrieval.TestModels;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Cli.Tests;

/// <summary>The program between other programs: asked and read through pipes.</summary>
public sealed class PipeTests : IDisposable
{
    /// <summary>Ends a test that would otherwise wait for ever; no test that passes waits for it.</summary>
    static readonly TimeSpan _patience = TimeSpan.FromMinutes(2);

    readonly TemporaryFolder _folder = new();
    readonly string _index;

    public PipeTests()
    {
        _index = _folder["i.nrx"];
        Directory.CreateDirectory(_folder["s"]);
        for (int i = 0; i < 3; i++) WavFile.Write(_folder[$"s/{i}.wav"], 1, 300 * (i + 1));
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_program_that_asks_by_a_pipe_has_each_answer_before_it_asks_again(bool json)
    {
        await MakeIndex();
        using var process = Start(
            ["search", "--index", _index, "--device", "cpu", "--top", "1", .. json ? ["--json"] : Array.Empty<string>()]);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        foreach (string question in (string[])["rain falls", "a dog", "rain falls"])
        {
            await process.StandardInput.WriteAsync($"{question}\n".AsMemory(), TestContext.Current.CancellationToken);
            await process.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
            string answer = await Answer(process, json);
            if (json) Assert.Equal(question, JsonDocument.Parse(answer).RootElement.GetProperty("query").GetString());
            else Assert.Contains(".wav", answer);
        }
        process.StandardInput.Close();
        Assert.Equal("", await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)
            .WaitAsync(_patience, TestContext.Current.CancellationToken));
        Assert.Equal("", await error);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(_patience, TestContext.Current.CancellationToken);
        Assert.Equal(ExitCode.Ok, process.ExitCode);
    }

    /// <summary>The reader <c>| head -1</c>: more is written than a pipe holds, to nobody.</summary>
    [Fact]
    public async Task A_reader_that_goes_away_ends_the_command_in_silence()
    {
        await MakeIndex();
        using var process = Start(["search", "--index", _index, "--device", "cpu"]);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.StandardInput.WriteLineAsync("rain");
        await process.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
        await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask()
            .WaitAsync(_patience, TestContext.Current.CancellationToken);
        process.StandardOutput.Close();
        for (int i = 0; i < 100; i++) await process.StandardInput.WriteLineAsync("rain falls on a dog");
        process.StandardInput.Close();
        Assert.Equal("", await error.WaitAsync(_patience, TestContext.Current.CancellationToken));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(_patience, TestContext.Current.CancellationToken);
        Assert.Equal(ExitCode.Ok, process.ExitCode);
    }

    async Task MakeIndex()
    {
        var made = await CommandLine.Run("index", _folder["s"], "--model", TinyModel.Write(_folder["model"]), "--to", _index);
        Assert.True(made.ExitCode == ExitCode.Ok, made.Error);
    }

    /// <summary>Two lines of a table, or a document: its last line is a brace.</summary>
    static async Task<string> Answer(Process process, bool json)
    {
        var lines = new List<string>();
        while (lines.Count < 2 || json && lines[^1] != "}")
            lines.Add(await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask()
                .WaitAsync(_patience, TestContext.Current.CancellationToken)
                    ?? throw new InvalidOperationException("the output ended"));
        return string.Join('\n', lines);
    }

    static Process Start(string[] args)
    {
        var start = ProgramRun.Start("NativeRetrieval.Cli.dll", args);
        start.RedirectStandardInput = true;
        return Process.Start(start)!;
    }
}
