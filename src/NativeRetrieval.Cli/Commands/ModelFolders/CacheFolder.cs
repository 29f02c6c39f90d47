using System.CommandLine;
using NativeRetrieval.Cli.Output;

namespace NativeRetrieval.Cli.Commands.ModelFolders;

/// <summary>The folders that keep between runs whatever can be computed or fetched again.</summary>
internal static class CacheFolder
{
    const string Features = "features", Models = "models", QueryBanks = "query-banks";

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

    public static string Of(ParseResult parsed, Option<DirectoryInfo?> option) =>
        parsed.GetValue(option)?.FullName ?? Default(Features, Environment.GetEnvironmentVariable);

    /// <summary>The store of fetched models.</summary>
    public static string ModelsOf(ParseResult parsed, Option<DirectoryInfo?> option, Terminal terminal) =>
        parsed.GetValue(option)?.FullName ?? ModelsOf(terminal);

    /// <summary>The store of fetched models where no option names another.</summary>
    public static string ModelsOf(Terminal terminal) => Default(Models, terminal.Variable);

    /// <summary>The store of query banks' vectors.</summary>
    public static string QueryBanksOf(Terminal terminal) => Default(QueryBanks, terminal.Variable);

    static string Default(string kind, Func<string, string?> variable)
    {
        string? cache = variable("XDG_CACHE_HOME");
        if (string.IsNullOrEmpty(cache)) cache = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return Path.Combine(cache, "nativeretrieval", kind);
    }
}
