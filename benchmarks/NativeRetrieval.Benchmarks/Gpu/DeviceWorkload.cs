using NativeRetrieval.Core.Devices;

namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>Something to time on a device.</summary>
/// <param name="Gigaflop">Arithmetic of one run, 0 where memory is the limit.</param>
/// <param name="Gigabytes">Bytes that one run must read and write at least, 0 where arithmetic is the limit.</param>
/// <param name="Prepare">Puts weights and inputs on the device; they are freed with the result.</param>
internal sealed record DeviceWorkload(string Name, string Shape, double Gigaflop, double Gigabytes, Func<Device, PreparedRun> Prepare);
