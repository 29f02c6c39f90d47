using NativeRetrieval.Core.Devices;
using NativeRetrieval.Demo;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Training.Loop;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Tests.Loop;

/// <summary>A run of three epochs of two steps, and the same stopped within the second: made once, copied by each test.</summary>
public sealed class StoppedRun : IDisposable
{
    const int Steps = 3;

    readonly TemporaryFolder _folder = new();

    public StoppedRun()
    {
        var demo = DemoCollection.Create(_folder["demo"], seed: 3, clips: 16, testClips: 4);
        Training = CaptionCsv.Read(demo.TrainCsv, demo.AudioFolder);
        TrainingSession.Run(Request(Whole), null, null, CancellationToken.None);
        Stop(Request(Stopped), Steps);
    }

    public Dataset Training { get; }

    public string Whole => _folder["whole"];

    public string Stopped => _folder["stopped"];

    /// <summary>Stops a run as Ctrl-C does: a checkpoint of the last step is left.</summary>
    public void Stop(TrainingRequest request, int steps)
    {
        using var cancellation = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => TrainingSession.Run(request with
        {
            Checked = _ =>
            {
                if (steps == 0) cancellation.Cancel();
            },
        }, new AfterBatches(steps, cancellation.Cancel), null, cancellation.Token));
    }

    public TrainingRequest Request(string run, params string[] overrides) => new()
    {
        Training = Training,
        RunFolder = run,
        Settings = SettingsLoader.Load("tiny", ["training.epochs=3", "training.batch_size=6", "audio.max_seconds=0.5", .. overrides]),
        SettingsAreWhole = true,
        FeatureCache = _folder["cache"],
        Device = CpuDevice.Shared,
        Time = new SteppedTime(), // of a clock that stands still no share of a step is waited for
    };

    public void Dispose() => _folder.Dispose();
}
