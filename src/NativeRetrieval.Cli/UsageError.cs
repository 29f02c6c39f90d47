using System.CommandLine;
using System.CommandLine.Parsing;
using NativeRetrieval.Cli.Output;

namespace NativeRetrieval.Cli;

/// <summary>Says what is wrong with a command line, what may have been meant, and where help is. Only JSON goes to stdout.</summary>
internal static class UsageError
{
    /// <summary>Edits between two words that are taken for one misspelled.</summary>
    const int MaxDistance = 3;

    /// <param name="unknown">Words of the command line that look like options and are none.</param>
    public static int Report(ParseResult parsed, IReadOnlyList<string> unknown, Terminal terminal)
    {
        var command = parsed.CommandResult.Command;
        if (unknown.Count + parsed.UnmatchedTokens.Count == 0 && command.Subcommands.Count > 0 && command.Action is null)
        {
            new HelpWithExamples(terminal).Write(parsed, terminal.Hint);
            return ExitCode.Usage;
        }

        // What follows a word that is no command belongs to the command that was meant.
        bool isNoCommand = command.Action is null && parsed.UnmatchedTokens is [[not '-', ..], ..];
        string[] problems = isNoCommand ? [Unrecognized(parsed.UnmatchedTokens[0])] : [.. Problems(parsed, unknown).Distinct()];
        var misspelled = isNoCommand ? parsed.UnmatchedTokens.Take(1) : unknown.Concat(parsed.UnmatchedTokens).Distinct();
        string[] hints =
        [
            .. misspelled.Select(word => Nearest(word, Candidates(command))).OfType<string>().Select(meant => $"did you mean '{meant}'?"),
            $"run '{PathOf(parsed)} --help' for what is possible",
        ];
        foreach (string problem in problems) terminal.Failure(problem);
        foreach (string hint in hints) terminal.Hint(hint);
        terminal.WriteJsonError(ExitCode.Usage, string.Join('\n', problems.Concat(hints)));
        return ExitCode.Usage;
    }

    static IEnumerable<string> Problems(ParseResult parsed, IReadOnlyList<string> unknown)
    {
        var command = parsed.CommandResult.Command;
        foreach (string option in unknown)
        {
            bool isTaken = !parsed.UnmatchedTokens.Any(word => word.StartsWith(option, StringComparison.Ordinal));
            yield return $"unknown option '{option}'" + (isTaken ? "; if it is not meant as one, put it after --" : "");
        }

        // A word behind an unknown option may be its value: nothing is said of it.
        string[] words = [.. parsed.UnmatchedTokens.TakeWhile(word => !IsUnknown(word))];
        var argument = command.Arguments is [{ Arity.MaximumNumberOfValues: 1 } only] ? parsed.GetResult(only) : null;
        if (words.Length > 0 && argument?.Tokens is [var first])
            yield return $"{command.Name} takes one {argument.Argument.Name}, and {string.Join(", ", words.Select(word => $"'{word}'"))} "
                + $"{(words.Length == 1 ? "is" : "are")} left over; words that belong together need quotes: "
                + $"\"{string.Join(' ', words.Prepend(first.Value))}\"";
        else
            foreach (string word in words) yield return Unrecognized(word);

        foreach (var error in parsed.Errors)
        {
            if (parsed.UnmatchedTokens.Any(word => error.Message.TrimEnd('.') == Unrecognized(word))) continue;
            // With a word that is no command, "a command is required" says nothing new.
            if (parsed.UnmatchedTokens.Count > 0 && command.Action is null) continue;
            // Options that take numbers have said it better.
            if (error.SymbolResult is OptionResult { Option: var option } && OptionValues.IsNumeric(option)
                && error.Message.StartsWith("Cannot parse", StringComparison.Ordinal)) continue;
            // The library puts the values that are possible on lines of their own.
            yield return string.Join(' ', error.Message.TrimEnd('.').ReplaceLineEndings("\n").Split("\n\t"));
        }

        bool IsUnknown(string word) => unknown.Any(option => word.StartsWith(option, StringComparison.Ordinal));
    }

    static string Unrecognized(string word) => $"Unrecognized command or argument '{word}'";

    static string PathOf(ParseResult parsed)
    {
        var names = new Stack<string>();
        for (var result = parsed.CommandResult; result is not null; result = result.Parent as CommandResult)
            names.Push(result.Command.Name);
        return string.Join(' ', names);
    }

    static IEnumerable<string> Candidates(Command command)
    {
        foreach (var subcommand in command.Subcommands) yield return subcommand.Name;
        foreach (var option in command.Options) yield return option.Name;
        foreach (var option in command.Parents.OfType<Command>().SelectMany(parent => parent.Options).Where(option => option.Recursive))
            yield return option.Name;
    }

    static string? Nearest(string word, IEnumerable<string> candidates) =>
        candidates.Select(candidate => (candidate, Distance: Distance(word, candidate)))
            .Where(pair => pair.Distance > 0 && pair.Distance <= Math.Min(MaxDistance, pair.candidate.Length / 2))
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
