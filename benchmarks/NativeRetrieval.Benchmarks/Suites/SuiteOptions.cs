using NativeRetrieval.Benchmarks.Peers;

namespace NativeRetrieval.Benchmarks.Suites;

/// <summary>The command line of a run of suites.</summary>
/// <param name="Peer">Null: ours alone.</param>
/// <param name="Rounds">Timed runs of each contender.</param>
/// <param name="Save">True writes the results to the place that <see cref="Measuring.Report.Stem"/> says.</param>
/// <param name="Check">True compares results and times nothing.</param>
/// <param name="To">
/// Another place for them, a path without extension; null: none. Each suite's result is kept there until the table is whole, so that the
/// same command goes on after an interruption.
/// </param>
internal sealed record SuiteOptions(IReadOnlyList<Suite> Suites, PeerProgram? Peer, int Rounds, bool Save, string? To, bool Check = false)
{
    /// <summary>The command that prints where <c>--save</c> writes.</summary>
    public const string Stem = "stem";

    public const string Usage = "[--peer onnx|torch|none] [--rounds N] [--save | --to PATH] [--check]";

    const string All = "peers", None = "none";
    const int DefaultRounds = 21;

    /// <param name="mistake">What is wrong with the arguments; null where nothing is.</param>
    public static SuiteOptions? Parse(string[] args, out string? mistake)
    {
        var options = new SuiteOptions([], PeerProgram.OnnxRuntime, DefaultRounds, Save: false, To: null);
        for (int i = 0; i < args.Length; i++)
        {
            string? value = i + 1 < args.Length ? args[i + 1] : null;
            SuiteOptions? next = args[i] switch
            {
                "--check" => options with { Check = true },
                "--save" => options with { Save = true },
                "--to" when value is not null => options with { To = value },
                "--rounds" when int.TryParse(value, out int rounds) && rounds > 0 => options with { Rounds = rounds },
                "--peer" when value == None => options with { Peer = null },
                "--peer" when PeerProgram.All.FirstOrDefault(peer => peer.Key == value) is { } peer => options with { Peer = peer },
                All => options with { Suites = Suite.All },
                _ when Suite.All.FirstOrDefault(suite => suite.Name == args[i]) is { } suite =>
                    options with { Suites = [.. options.Suites.Append(suite).Distinct()] },
                _ => null,
            };
            if (next is null)
            {
                mistake = $"'{args[i]}'{(value is null ? "" : $" before '{value}'")} is not understood; suites: {All} "
                    + $"{string.Join(' ', Suite.All.Select(suite => suite.Name))}; options: {Usage}";
                return null;
            }
            if (args[i] is "--to" or "--rounds" or "--peer") i++;
            options = next;
        }
        mistake = options.Suites.Count > 0 ? null
            : $"no suite is named; name some of {All} {string.Join(' ', Suite.All.Select(suite => suite.Name))}";
        return mistake is null ? options : null;
    }
}
