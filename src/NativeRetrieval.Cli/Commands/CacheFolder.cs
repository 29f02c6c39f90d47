using System.CommandLine;

namespace NativeRetrieval.Cli.Commands;

/// <summary>Where decoded features are kept between runs.</summary>
internal static class CacheFolder
{
    public static Option<DirectoryInfo?> Option() => new("--cache")
    {
        Description = "Where decoded audio features are kept and shared between runs; default: nativeretrieval/features in the user's cache folder.",
        HelpName = "DIR",
    };

    public static string Of(ParseResult parsed, Option<DirectoryInfo?> option) => parsed.GetValue(option)?.FullName ?? Default;

    static string Default
    {
        get
        {
            string? cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
            if (string.IsNullOrEmpty(cache)) cache = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
            return Path.Combine(cache, "nativeretrieval", "features");
        }
    }
}
