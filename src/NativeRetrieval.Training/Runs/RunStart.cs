using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Training.Loop;

namespace NativeRetrieval.Training.Runs;

/// <summary>One start of a run.</summary>
/// <param name="Step">Optimizer steps that were done before it.</param>
/// <param name="Version">Version of the program.</param>
/// <param name="Commit">Git commit that the program was built from; null where the build did not know.</param>
/// <param name="Command">Command line, one entry per argument, kept word for word; empty where a host started the run.</param>
/// <param name="Machine">That of the first rank.</param>
public sealed record RunStart(DateTimeOffset Time, long Step, string Version, string? Commit, IReadOnlyList<string> Command,
    Machine Machine)
{
    /// <summary>Ranks that trained together; 1 where one trained alone.</summary>
    public int Ranks { get; init; } = 1;

    internal static RunStart Of(TrainingRequest request, long step)
    {
        // The build writes VERSION+COMMIT.
        string? build = typeof(RunStart).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
        string[] version = (build ?? "unknown").Split('+', 2);
        string? commit = version.Length > 1 ? version[1] : null;
        return new RunStart(request.Time.GetUtcNow(), step, version[0], commit, request.Command, Machine.With(request.Device))
        {
            Ranks = request.Group?.WorldSize ?? 1,
        };
    }
}

/// <summary>
/// The machine that a run was computed on. Results do not depend on threads; vector width and device change them in the last bits.
/// </summary>
/// <param name="VectorBits">Widest vectors of the processor that the runtime uses.</param>
/// <param name="MemoryBytes">Memory that the process may use.</param>
public sealed record Machine(string Device, string System, string Architecture, string Runtime, int Cores, int Threads, int VectorBits,
    long MemoryBytes)
{
    internal static Machine With(Device device) =>
        new(device.Description, RuntimeInformation.OSDescription, RuntimeInformation.OSArchitecture.ToString(),
            RuntimeInformation.FrameworkDescription, Environment.ProcessorCount, CpuDevice.Threads,
            Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128, CpuDevice.Shared.MemoryBytes);
}
