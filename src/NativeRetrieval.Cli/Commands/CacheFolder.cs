using System.CommandLine;

namespace NativeRetrieval.Cli.Commands;

/// <summary>The folders that keep between runs whatever can be computed or fetched again.</summary>
internal static class CacheFolder
{
    public const string Features = "features", Models = "models";

    public static Option<DirectoryInfo?> Option() => new("--cache")
    {
        Description = "Where decoded audio features are kept and shared between runs; default: "
            + "nativeretrieval/features in the user's cache folder.",
        HelpName = "DIR",
    };

    public static Option<DirectoryInfo?> ModelsOption() => new("--cache")
    {
        Description = "Where fetched models are kept; default: nativeretrieval/models in the user's cache folder.",
        HelpName = "DIR",
    };

    public static string Of(ParseResult parsed, Option<DirectoryInfo?> option, string kind = Features) =>
        parsed.GetValue(option)?.FullName ?? Default(kind);

    static string Default(string kind)
    {
        string? cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        if (string.IsNullOrEmpty(cache)) cache = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return Path.Combine(cache, "nativeretrieval", kind);
    }
}
