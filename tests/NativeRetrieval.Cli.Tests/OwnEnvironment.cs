using System.Runtime.CompilerServices;

namespace NativeRetrieval.Cli.Tests;

/// <summary>The environment of the tests and of the processes that they start: what a developer has set for daily work does not count.</summary>
internal static class OwnEnvironment
{
    [ModuleInitializer]
    internal static void Clear()
    {
        foreach (string name in (string[])["NATIVERETRIEVAL_MODEL", "RANK", "WORLD_SIZE", "SLURM_PROCID", "SLURM_NTASKS"])
            Environment.SetEnvironmentVariable(name, null);
    }
}
