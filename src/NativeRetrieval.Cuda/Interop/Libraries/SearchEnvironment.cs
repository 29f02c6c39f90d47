namespace NativeRetrieval.Cuda.Interop.Libraries;

/// <summary>What of the machine decides where libraries may be.</summary>
internal sealed record SearchEnvironment
{
    /// <summary>Environment variables; null for those not set.</summary>
    public required Func<string, string?> Variable { get; init; }

    /// <summary>Where toolkits are installed beside the distribution's own packages.</summary>
    public string ToolkitRoot { get; init; } = "/usr/local";

    /// <summary>Whether libraries that are loaded already, and those that the system finds by name, count.</summary>
    public bool AskSystem { get; init; } = true;

    public static SearchEnvironment OfProcess { get; } = new() { Variable = Environment.GetEnvironmentVariable };
}
