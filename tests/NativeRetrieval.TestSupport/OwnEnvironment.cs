using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace NativeRetrieval.TestSupport;

/// <summary>The environment of the tests and of the processes that they start, without what a developer has set for daily work.</summary>
internal static class OwnEnvironment
{
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "every test project needs it, before anything reads the environment")]
    internal static void Clear()
    {
        foreach (string name in (string[])["NATIVERETRIEVAL_MODEL", "RANK", "WORLD_SIZE", "SLURM_JOB_ID", "SLURM_PROCID"])
            Environment.SetEnvironmentVariable(name, null);
    }
}
