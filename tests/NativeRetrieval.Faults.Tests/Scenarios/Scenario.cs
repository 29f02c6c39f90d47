using System.Security.Cryptography;
using NativeRetrieval.Cli;
using NativeRetrieval.Cli.Output;

namespace NativeRetrieval.Faults.Tests.Scenarios;

/// <summary>Exit code and stderr of a command.</summary>
sealed record CommandRun(int ExitCode, string Error);

/// <summary>A small run of a command, whose effect is all in one folder.</summary>
/// <param name="area">Folder for what the scenario needs.</param>
abstract class Scenario(string area)
{
    /// <summary>Names that may come and go: they carry no data.</summary>
    static readonly string[] _locks = ["writer.lock", "writer.pid", "lock", ".lock", "model.lock"];

    /// <summary>Folder that the command changes, and nothing outside it.</summary>
    public string Work { get; } = Path.Combine(area, "work");

    /// <summary>
    /// The number of failures of which CI tries one: 1 where it tries all. The numbers tried move by one from mode to mode, so that
    /// together they are not the same ones each time.
    /// </summary>
    public virtual int Stride => 1;

    protected string Area { get; } = area;

    /// <summary>Makes the inputs, and <see cref="Work"/> as it is before the command.</summary>
    public abstract Task PrepareAsync();

    public abstract Task<CommandRun> RunAsync();

    /// <summary>The run after an interrupted one, as a user types it.</summary>
    public virtual Task<CommandRun> RunAgainAsync() => RunAsync();

    /// <summary>The things that a user sees in <see cref="Work"/>, a line each; throws where anything is damaged.</summary>
    public abstract Task<IReadOnlyList<string>> SeenAsync();

    /// <summary>True where things seen are the state before the command, the one after it, or a whole one between them.</summary>
    public virtual bool IsWhole(IReadOnlyList<string> seen, IReadOnlyList<string> before, IReadOnlyList<string> after) =>
        seen.SequenceEqual(before) || seen.SequenceEqual(after);

    /// <summary>All that must be equal after a run that was disturbed, repeated or not: things seen, and names of files.</summary>
    public virtual async Task<IReadOnlyList<string>> ResultAsync() => [.. await SeenAsync(), .. Names()];

    /// <summary>Runs the command line in this process.</summary>
    protected static async Task<CommandRun> CommandLineAsync(params string[] args)
    {
        StringWriter output = new() { NewLine = "\n" }, error = new() { NewLine = "\n" };
        int code = await Application.RunAsync(args, new Terminal(output, error, TimeProvider.System), CancellationToken.None);
        return new(code, error.ToString());
    }

    protected static async Task MustAsync(Task<CommandRun> run)
    {
        var (code, error) = await run;
        if (code != ExitCode.Ok) throw new InvalidOperationException($"exit code {code}: {error}");
    }

    /// <summary>Names of all files and folders.</summary>
    protected IEnumerable<string> Names() => Directory.EnumerateFileSystemEntries(Work, "*", SearchOption.AllDirectories)
        .Where(path => !_locks.Contains(Path.GetFileName(path)) && !path.EndsWith(".unfinished.lock", StringComparison.Ordinal))
        .Select(path => Path.GetRelativePath(Work, path))
        .Order(StringComparer.Ordinal);

    /// <summary>Names and hashes of files below a folder, which need not exist.</summary>
    protected static IReadOnlyList<string> Hashes(string folder) => !Directory.Exists(folder) ? []
        : [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(path => $"{Path.GetRelativePath(folder, path)} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path)))}")];
}
