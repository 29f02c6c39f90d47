using System.CommandLine;
using NativeRetrieval.Cli.Output;

namespace NativeRetrieval.Cli;

/// <summary>Says what is wrong with a command line, what may have been meant, and where help is. Nothing goes to stdout.</summary>
internal static class UsageError
{
    /// <summary>Edits between two words that are taken for one misspelled.</summary>
    const int MaxDistance = 3;

    public static int Report(ParseResult parsed, Terminal terminal)
    {
        var command = parsed.CommandResult.Command;
        if (parsed.UnmatchedTokens.Count == 0 && command.Subcommands.Count > 0 && command.Action is null)
        {
            new HelpWithExamples(terminal).Write(parsed, terminal.Error);
            return ExitCode.Usage;
        }

        // With a word that is no command, "a command is required" says nothing new.
        var errors = parsed.Errors.Where(error => parsed.UnmatchedTokens.Count == 0 || parsed.UnmatchedTokens.Any(error.Message.Contains));
        foreach (string message in errors.Select(error => error.Message).Distinct()) terminal.Failure(message.TrimEnd('.'));
        foreach (string word in parsed.UnmatchedTokens)
            if (Nearest(word, Candidates(command)) is { } meant) terminal.Error.WriteLine($"did you mean '{meant}'?");
        terminal.Error.WriteLine($"run '{PathOf(parsed)} --help' for what is possible");
        return ExitCode.Usage;
    }

    static string PathOf(ParseResult parsed)
    {
        var names = new Stack<string>();
        for (var result = parsed.CommandResult; result is not null; result = result.Parent as System.CommandLine.Parsing.CommandResult)
            names.Push(result.Command.Name);
        return string.Join(' ', names);
    }

    static IEnumerable<string> Candidates(Command command)
    {
        foreach (var subcommand in command.Subcommands) yield return subcommand.Name;
        foreach (var option in command.Options) yield return option.Name;
    }

    static string? Nearest(string word, IEnumerable<string> candidates) =>
        candidates.Select(candidate => (candidate, Distance: Distance(word, candidate)))
            .Where(pair => pair.Distance <= Math.Min(MaxDistance, pair.candidate.Length / 2))
            .OrderBy(pair => pair.Distance).Select(pair => pair.candidate).FirstOrDefault();

    /// <summary>Fewest insertions, removals, replacements and swaps of neighbours that turn one word into the other.</summary>
    internal static int Distance(string a, string b)
    {
        int[,] cost = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
            for (int j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    cost[i, j] = i + j;
                    continue;
                }
                int best = Math.Min(Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1, cost[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) best = Math.Min(best, cost[i - 2, j - 2] + 1);
                cost[i, j] = best;
            }
        return cost[a.Length, b.Length];
    }
}
