using System.Text.Json;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Cli.Tests;

public sealed class ParityCommandTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Cases_without_files_are_absent_and_the_others_decide()
    {
        File.Copy(Fixtures.Small("adam.safetensors"), _folder["adam.safetensors"]);
        var run = await CommandLine.Run("doctor", "--parity", _folder.FullPath);
        Assert.Equal(0, run.ExitCode);
        Assert.Matches(@"AdamW, ten steps, float32 +[0-9.]+E-\d +1.0E-6  ok", run.Out);
        Assert.Matches(@"bert-base, float32 +- +1.0E-5  absent", run.Out);
        Assert.Contains("3 ok, 0 failed", run.Error);
    }

    [Fact]
    public async Task A_case_that_fails_is_named_with_the_reason_as_text_and_as_JSON()
    {
        File.WriteAllText(_folder["adam.safetensors"], "damaged");
        var run = await CommandLine.Run("doctor", "--parity", _folder.FullPath);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("FAILED", run.Out);
        Assert.Contains("adam.safetensors", run.Error);

        var json = await CommandLine.Run("doctor", "--parity", _folder.FullPath, "--json");
        Assert.Equal(1, json.ExitCode);
        using var document = JsonDocument.Parse(json.Out);
        var failed = document.RootElement.GetProperty("cases").EnumerateArray()
            .First(item => item.GetProperty("status").GetString() == "failed");
        Assert.Equal("Adam, ten steps, float32", failed.GetProperty("case").GetString());
        Assert.Equal(JsonValueKind.Null, failed.GetProperty("worst_error").ValueKind);
    }

    [Theory]
    [InlineData(1, "no case has its files", "doctor", "--parity", ".")]
    [InlineData(1, "golden files", "doctor", "--parity", "./nothing")]
    [InlineData(2, "give --parity DIR", "doctor", "--weights", ".")]
    public async Task A_folder_without_golden_files_proves_nothing(int exitCode, string said, params string[] arguments)
    {
        var run = await CommandLine.Run([.. arguments.Select(argument => argument.StartsWith('.') ? _folder[argument] : argument)]);
        Assert.Equal(exitCode, run.ExitCode);
        Assert.Contains(said, run.Error);
    }
}
