using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.AI;
using NativeRetrieval.Hosting.Generators;
using NativeRetrieval.TestModels;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Hosting.Tests.Samples;

/// <summary>The programs under <c>src/samples</c>, each as a process in a folder of its own.</summary>
public sealed class SampleTests(TinyEngine model) : IClassFixture<TinyEngine>
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EmbeddingHost_compares_a_sound_with_a_sentence()
    {
        WavFile.Write(model["a.wav"], 1, 300);
        string output = await RunAsync("EmbeddingHost", model.Folder, "--NativeRetrieval:Model", model.Folder, "--Sound", model["a.wav"],
            "--Sentence", "a dog is barking");
        using var sounds = new AudioEmbeddingGenerator(model.Engine);
        var sound = await sounds.GenerateVectorAsync(await DataContent.LoadFromAsync(model["a.wav"], "audio/wav", Token),
            cancellationToken: Token);
        double cosine = model.Engine.EmbedTexts(["a dog is barking"]).Zip(sound.ToArray(), (a, b) => (double)a * b).Sum();
        string[] lines = output.Split('\n');
        Assert.EndsWith(" a dog is barking", lines[0]);
        Assert.Equal(cosine, double.Parse(lines[0].Split(' ')[0], CultureInfo.InvariantCulture), 1e-5);
        Assert.Equal("8 dimensions, the same from the cache", lines[1]);
    }

    [Fact]
    public async Task NAudioSource_indexes_what_NAudio_reads_and_writes_the_best_hit()
    {
        string folder = Directory.CreateDirectory(model["naudio"]).FullName;
        WavFile.Write(Path.Combine(folder, "rain.wav"), 3, 500);
        string output = await RunAsync("NAudioSource", folder, model.Folder, "rain.wav", "sounds.nrx", "rain falls");
        Assert.Contains($" s of {Path.Combine(folder, "rain.wav")}: 01-", output);
        string excerpt = output.Trim().Split(": ")[1];
        Assert.True(new FileInfo(Path.Combine(folder, excerpt)).Length > 2 * 16_000, $"{excerpt} is short");
    }

    [Fact]
    public async Task SearchConsole_indexes_a_folder_and_finds_its_sounds()
    {
        string folder = Directory.CreateDirectory(model["console"]).FullName;
        TinyModel.Write(Path.Combine(folder, "runs", "first"), seed: 1);
        Directory.CreateDirectory(Path.Combine(folder, "sounds"));
        foreach (int pitch in (int[])[300, 900]) WavFile.Write(Path.Combine(folder, "sounds", $"{pitch}.wav"), 1, pitch);
        string output = await RunAsync("SearchConsole", folder, "a", "dog");
        Assert.Equal(["300.wav", "900.wav"], output.Trim().Split('\n').Select(line => Path.GetFileName(line.Split(' ')[1])).Order());
    }

    [Fact]
    public async Task CustomOp_has_the_right_gradient() =>
        Assert.EndsWith("the gradient is right\n", await RunAsync("CustomOp", model["tiny"]));

    static async Task<string> RunAsync(string sample, string folder, params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, $"{sample}.dll"), .. args])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(Token);
        string output = await process.StandardOutput.ReadToEndAsync(Token);
        await process.WaitForExitAsync(Token);
        Assert.True(process.ExitCode == 0, $"{sample} ended with {process.ExitCode}: {await error}");
        return output;
    }
}
