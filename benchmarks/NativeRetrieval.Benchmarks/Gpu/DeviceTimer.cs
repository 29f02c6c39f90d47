using NativeRetrieval.Benchmarks.Measuring;

namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>Medians of rounds after warm-up. A round repeats short work, so that it lasts long beside the clock's grain.</summary>
/// <param name="small">Nothing is repeated: on the emulator times mean nothing and every run counts.</param>
internal sealed class DeviceTimer(IDeviceClock clock, int rounds, bool small)
{
    const double RoundMs = 5, WorkloadMs = 400;
    const int MostRepeats = 100, FewestRounds = 5;

    readonly int _warmUps = small ? 1 : 3;

    /// <summary>Milliseconds of one run.</summary>
    public double MedianMs(Action run)
    {
        // The first runs compile kernels and let cuDNN choose its algorithms.
        clock.Milliseconds(run, _warmUps);
        double estimate = Math.Max(clock.Milliseconds(run, 1), 1e-3);
        int repeats = small ? 1 : (int)Math.Clamp(Math.Ceiling(RoundMs / estimate), 1, MostRepeats);
        int count = small ? rounds : (int)Math.Clamp(WorkloadMs / (estimate * repeats), Math.Min(FewestRounds, rounds), rounds);
        return Turns.Median([.. Enumerable.Range(0, count).Select(_ => clock.Milliseconds(run, repeats) / repeats)]);
    }
}
