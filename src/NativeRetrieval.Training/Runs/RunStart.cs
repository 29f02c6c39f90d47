using System.Reflection;
using NativeRetrieval.Training.Loop;

namespace NativeRetrieval.Training.Runs;

/// <summary>One start of a run.</summary>
/// <param name="Step">Optimizer steps that were done before it.</param>
/// <param name="Version">Version of the program.</param>
/// <param name="Commit">Git commit that the program was built from; null where the build did not know.</param>
/// <param name="Command">Command line, one entry per argument; empty where a host started the run.</param>
public sealed record RunStart(DateTimeOffset Time, long Step, string Version, string? Commit, IReadOnlyList<string> Command,
    Machine Machine)
{
    internal static RunStart Of(TrainingRequest request, long step)
    {
        // The build writes VERSION+COMMIT.
        string? build = typeof(RunStart).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
        string[] version = (build ?? "unknown").Split('+', 2);
        string? commit = version.Length > 1 ? version[1] : null;
        return new RunStart(request.Time.GetUtcNow(), step, version[0], commit, request.Command, Machine.With(request.Device));
    }
}
