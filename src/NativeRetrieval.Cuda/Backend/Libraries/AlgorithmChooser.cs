using NativeRetrieval.Cuda.Errors;
using NativeRetrieval.Cuda.Runtime;

namespace NativeRetrieval.Cuda.Backend.Libraries;

/// <summary>
/// The fastest of several ways to compute the same, found by running each once and timing a few runs, or remembered from an earlier
/// process. Where bits must not depend on times (<see cref="CudaDeviceOptions.Deterministic"/>), or timing is switched off, the first way
/// is taken. Choices are made outside captured work: whoever captures work has run it before.
/// </summary>
internal sealed class AlgorithmChooser(CudaDevice device)
{
    const int Runs = 3, TensorCoreArchitecture = 80, SplitShareOfMemory = 8;

    /// <summary>The sizes of a tensor's axes are 32 bits, and cuDNN is slow beyond as many elements.</summary>
    const long MostSplitBytes = sizeof(float) * (long)int.MaxValue;

    /// <summary>A run as long as this is not repeated: noise is small beside it.</summary>
    const float LongMilliseconds = 20;

    readonly Lazy<AlgorithmStore> _store = new(() => AlgorithmStore.Open(device));

    /// <summary>Float32 operands may be split for TF32's tensor cores, into parts of so many bytes.</summary>
    public bool MaySplit(long bytes) => device.Options.SplitFloat32 && device.Properties.Architecture >= TensorCoreArchitecture
        && bytes <= Math.Min(MostSplitBytes, device.Properties.MemoryBytes / SplitShareOfMemory);

    /// <summary>Choices that were timed by this device.</summary>
    public int Timed { get; private set; }

    /// <param name="key">Text that tells the problem from all others of this GPU and these libraries.</param>
    /// <param name="names">The ways' names, no two the same.</param>
    /// <param name="run">Queues the i-th way; it writes the same result each time.</param>
    /// <returns>The place of the chosen way.</returns>
    /// <exception cref="CudaException">Every way failed.</exception>
    public int Choose(string key, string[] names, Action<int> run)
    {
        if (names.Length == 1 || !device.Options.TimeAlgorithms || device.Options.Deterministic) return 0;
        if (_store.Value.Find(key) is { } known && Array.IndexOf(names, known) is >= 0 and var place) return place;
        int fastest = Fastest(names.Length, run);
        Timed++;
        _store.Value.Add(key, names[fastest]);
        return fastest;
    }

    int Fastest(int count, Action<int> run)
    {
        using CudaEvent start = new(device.Context, timing: true), end = new(device.Context, timing: true);
        var (fastest, least) = (-1, float.PositiveInfinity);
        CudaException? failure = null;
        for (int i = 0; i < count; i++)
        {
            try
            {
                float time = Milliseconds(() => run(i), start, end);
                if (time < least) (fastest, least) = (i, time);
            }
            catch (CudaException error) when (error is not CudaDeviceLostException)
            {
                // What is proposed may still be refused, or need memory that is not there.
                failure ??= error;
            }
        }
        return fastest >= 0 ? fastest : throw failure!;
    }

    /// <summary>The least time of a few runs after one that loads what is needed.</summary>
    float Milliseconds(Action run, CudaEvent start, CudaEvent end)
    {
        run();
        float least = float.PositiveInfinity;
        for (int i = 0; i < Runs; i++)
        {
            device.Stream.Record(start);
            run();
            device.Stream.Record(end);
            end.Wait();
            least = Math.Min(least, end.MillisecondsSince(start));
            if (least >= LongMilliseconds) break;
        }
        return least;
    }
}
