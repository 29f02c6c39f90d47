using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using NativeRetrieval.CudaEmulator.Tests;
using NativeRetrieval.Demo;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Distributed.Tests.Nccl;

/// <summary>Training by ranks with a device each, over the look-alike NCCL, with and without CUDA graphs.</summary>
public sealed class TrainedRankTests : IClassFixture<TrainedRankTests.Runs>
{
    const int Steps = 8;

    readonly TemporaryFolder _folder;
    readonly Runs _runs;

    public TrainedRankTests(Runs runs)
    {
        Emulator.Require();
        (_runs, _folder) = (runs, runs.Folder);
    }

    /// <summary>Dropout, SpecAugment and shifts are those of one rank: a rank draws what lies at its items' places.</summary>
    [Fact]
    public void Two_ranks_have_the_losses_of_one()
    {
        const string Recipe = "training.synchronized_batch_norm=true";
        Train(1, "one", Recipe);
        double[] one = Losses("one"), two = Losses(Launched(Recipe));
        Assert.Equal(Steps, one.Length);
        Assert.Equal(Steps, two.Length);
        for (int step = 0; step < Steps; step++) Assert.Equal(one[step], two[step], 1e-5 * one[step]);
    }

    /// <summary>With collectives in the middle of the recorded passes, and in chunks.</summary>
    [Theory]
    [InlineData("training.synchronized_batch_norm=true")]
    [InlineData("training.chunk_size=1")]
    public void Replayed_steps_of_ranks_have_the_bits_of_launched_ones_and_so_has_a_resumed_run(string recipe)
    {
        string launched = Launched(recipe), replayed = $"replayed, {recipe}", broken = $"broken, {recipe}";
        Assert.InRange(Train(2, replayed, recipe, "graphs"), 3, Steps - 1);
        Assert.Equal(Steps, Losses(launched).Length);
        AssertSame(launched, replayed);

        Train(2, broken, recipe, "graphs", "stop");
        Assert.InRange(Losses(broken).Length, 1, Steps - 1);
        Train(2, broken, recipe, "graphs", "resume");
        AssertSame(launched, broken);
    }

    /// <summary>The demo's data and the runs of all tests; what more than one test compares with is trained once.</summary>
    public sealed class Runs : IDisposable
    {
        public Runs() => DemoCollection.Create(Folder["demo"], seed: 3, clips: 9, testClips: 1);

        internal TemporaryFolder Folder { get; } = new();

        internal HashSet<string> Launched { get; } = [];

        public void Dispose() => Folder.Dispose();
    }

    /// <returns>The run of two ranks without graphs.</returns>
    string Launched(string recipe)
    {
        string name = $"launched, {recipe}";
        if (_runs.Launched.Add(name)) Train(2, name, recipe);
        return name;
    }

    void AssertSame(string expected, string actual)
    {
        Assert.Equal(Losses(expected), Losses(actual));
        Assert.Equal(File.ReadAllBytes(Path.Combine(_folder[expected], "model.safetensors")),
            File.ReadAllBytes(Path.Combine(_folder[actual], "model.safetensors")));
    }

    double[] Losses(string run) =>
    [
        .. File.ReadLines(Path.Combine(_folder[run], "metrics.jsonl")).Select(line => JsonDocument.Parse(line).RootElement)
            .Where(line => line.TryGetProperty("loss", out _)).Select(line => line.GetProperty("loss").GetDouble()),
    ];

    /// <returns>Steps that the first rank replayed.</returns>
    int Train(int world, string name, params string[] options)
    {
        Process[] ranks =
        [
            .. Enumerable.Range(0, world).Select(rank =>
            {
                var start = new ProcessStartInfo("dotnet",
                [
                    typeof(TrainingHost).Assembly.Location, TrainingHost.Argument, $"{rank}", $"{world}", _folder.FullPath, name,
                    .. options,
                ])
                {
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                };
                start.Environment["NR_EMU_DEVICE"] = $"{rank}";
                return Process.Start(start)!;
            }),
        ];
        var outputs = ranks.Select(rank => (rank.StandardOutput.ReadToEndAsync(), rank.StandardError.ReadToEndAsync())).ToArray();
        string first = "";
        foreach (var (rank, (output, error)) in ranks.Zip(outputs))
        {
            rank.WaitForExit();
            Assert.True(rank.ExitCode == 0, $"{rank.ExitCode}: {output.Result}{error.Result}");
            if (first.Length == 0) first = output.Result;
            rank.Dispose();
        }
        Assert.DoesNotContain("graph", first);
        return first.Split("replayed ") is [_, var count] ? int.Parse(count, CultureInfo.InvariantCulture) : 0;
    }
}
