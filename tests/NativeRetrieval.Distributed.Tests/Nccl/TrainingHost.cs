using NativeRetrieval.Core.Errors;
using NativeRetrieval.Cuda;
using NativeRetrieval.Cuda.Distributed;
using NativeRetrieval.Demo;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Training.Loop;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Distributed.Tests.Nccl;

/// <summary>A rank that trains on a device of its own, as a process.</summary>
internal static class TrainingHost
{
    public const string Argument = "training-host";

    /// <summary>Stops the run, on the last rank, behind this many steps.</summary>
    public const int StoppedAfter = 3;

    static readonly string[] _small =
    [
        "model.cnn14_widths=[4, 4, 8, 8, 8, 8]", "model.audio_head_width=16", "model.text_head_width=16", "model.embedding_dimension=8",
        "text.hidden_width=16", "text.layers=1", "text.feed_forward_width=24", "audio.max_seconds=1", "training.batch_size=4",
        "training.epochs=4", "training.warmup_steps=0", "training.lr=3e-6", "training.checkpoint_every_steps=1",
    ];

    /// <param name="folder">Has the demo's data; the run is made in it.</param>
    /// <param name="options">Names: "graphs", "stop", "resume", and settings of the run.</param>
    public static int Run(int rank, int worldSize, string folder, string name, string[] options)
    {
        try
        {
            using var control = TcpGroup.Join(new()
            {
                Rank = rank,
                WorldSize = worldSize,
                Coordinator = Coordinator.In(Path.Combine(folder, $"meet-{name}")),
                HeartbeatLimit = TimeSpan.FromMinutes(10), // a slow machine is not a lost rank
            });
            using var device = CudaDevice.Open(0, new() { Graphs = options.Contains("graphs") });
            using var group = worldSize > 1 ? new DrainedGroup(NcclGroup.Open(device, control), device) : null;
            var demo = DemoCollection.At(Path.Combine(folder, "demo"));
            using var stopping = new CancellationTokenSource();
            var request = new TrainingRequest
            {
                Training = CaptionCsv.Read(demo.TrainCsv, demo.AudioFolder),
                RunFolder = Path.Combine(folder, name),
                Settings = SettingsLoader.Load("tiny", [.. _small, .. options.Where(option => option.Contains('='))]),
                FeatureCache = Path.Combine(folder, "cache"),
                Device = device,
                Group = group,
                Resume = options.Contains("resume"),
                Noted = Console.Out.WriteLine,
                Time = TimeProvider.System,
            };
            try
            {
                var stop = options.Contains("stop") && rank == 0 ? new Stop(stopping) : null;
                var outcome = TrainingSession.Run(request, stop, null, stopping.Token);
                Console.Out.WriteLine($"replayed {outcome.Graphs?.Replayed ?? 0}");
            }
            catch (OperationCanceledException)
            {
                Console.Out.WriteLine("stopped");
            }
            return 0;
        }
        catch (NativeRetrievalException error)
        {
            Console.Out.WriteLine(error.Message);
            return RankHost.Failed;
        }
    }

    sealed class Stop(CancellationTokenSource stopping) : IProgress<TrainingProgress>
    {
        int _steps;

        public void Report(TrainingProgress value)
        {
            if (value.Phase == TrainingPhase.Training && ++_steps == StoppedAfter) stopping.Cancel();
        }
    }
}
