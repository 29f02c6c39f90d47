using NativeRetrieval.Benchmarks.Measuring;

namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>Medians of rounds after warm-up. A round repeats short work, so that it lasts long beside the clock's grain.</summary>
/// <param name="small">Nothing is repeated: on the emulator times mean nothing and every run counts.</param>
internal sealed class DeviceTimer(IDeviceClock clock, int rounds, bool small)
{
    /// <summary>
    /// A round is so long that the host, which queues one run while the device does another, is waited for at its beginning alone.
    /// </summary>
    const double RoundMs = 100;

    const double WorkloadMs = 400;
    const int MostRepeats = 100, FewestRounds = 5;

    readonly int _warmUps = small ? 1 : 3;

    /// <summary>Milliseconds of one run, and whether all that were timed were replays; true where nothing is recorded.</summary>
    public (double Milliseconds, bool Replayed) Time(PreparedRun prepared)
    {
        // The first runs compile kernels and let cuDNN choose its algorithms. The second one is recorded, where work is.
        clock.Milliseconds(prepared.Run, _warmUps);
        double estimate = Math.Max(clock.Milliseconds(prepared.Run, 1), 1e-3);
        int repeats = small ? 1 : (int)Math.Clamp(Math.Ceiling(RoundMs / estimate), 1, MostRepeats);
        int count = small ? rounds : (int)Math.Clamp(WorkloadMs / (estimate * repeats), Math.Min(FewestRounds, rounds), rounds);
        long before = prepared.Captured?.Replays ?? 0;
        double median = Turns.Median([.. Enumerable.Range(0, count).Select(_ => clock.Milliseconds(prepared.Run, repeats) / repeats)]);
        return (median, prepared.Captured is not { CanRecord: true } captured || captured.Replays - before == (long)count * repeats);
    }
}
