using NativeRetrieval.Core.Devices;

namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>Something to time on a device.</summary>
/// <param name="Gigaflop">Arithmetic of one run, 0 where memory is the limit.</param>
/// <param name="Gigabytes">Bytes that one run must read and write at least, 0 where arithmetic is the limit.</param>
/// <param name="Prepare">Puts weights and inputs on the device; they are freed with the result.</param>
internal sealed record DeviceWorkload(string Name, string Shape, double Gigaflop, double Gigabytes, Func<Device, PreparedRun> Prepare)
{
    /// <summary>The precisions in which the workload differs.</summary>
    public IReadOnlyList<Precision> Precisions { get; init; } = [Precision.Tf32, Precision.BFloat16, Precision.Float32];

    /// <summary>Those of them that a bar is set for, or that others are related to: they are timed before all the rest.</summary>
    public IReadOnlyList<Precision> First { get; init; } = [];

    /// <summary>False: launched kernel by kernel on a device that would replay it.</summary>
    public bool Graphs { get; init; } = true;
}
