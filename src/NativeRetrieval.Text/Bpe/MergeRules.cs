using System.Diagnostics.CodeAnalysis;

namespace NativeRetrieval.Text.Bpe;

/// <summary>Merges of two tokens into one, the first listed first, by ids.</summary>
internal sealed class MergeRules
{
    const string Head = "#version: 0.2";

    readonly Dictionary<ulong, (int Rank, int Id)> _byPair;

    /// <param name="pairs">The tokens of each merge; both and the two together must be in the vocabulary.</param>
    /// <exception cref="ArgumentException">One of them is not.</exception>
    public MergeRules(Vocabulary vocabulary, IReadOnlyList<(string Left, string Right)> pairs)
    {
        Pairs = pairs;
        _byPair = new Dictionary<ulong, (int, int)>(pairs.Count);
        for (int rank = 0; rank < pairs.Count; rank++)
        {
            var (left, right) = pairs[rank];
            // A pair that is listed twice has its later place, as in Hugging Face's tokenizers.
            _byPair[Key(IdOf(left, rank), IdOf(right, rank))] = (rank, IdOf(left + right, rank));
        }

        int IdOf(string token, int rank) => vocabulary.Ids.TryGetValue(token, out int id) ? id : throw new ArgumentException(
            $"merge {rank + 1} ({pairs[rank].Left} {pairs[rank].Right}) needs the token \"{token}\", which the vocabulary of "
                + $"{vocabulary.Ids.Count} lacks; vocabulary and merges belong to different models");
    }

    /// <summary>The tokens of each merge in the order of the file.</summary>
    public IReadOnlyList<(string Left, string Right)> Pairs { get; }

    /// <summary>Merge of two neighbours.</summary>
    /// <param name="rank">Its place in the list: lower ones go first.</param>
    /// <param name="id">The token that the two become.</param>
    public bool TryFind(int left, int right, out int rank, out int id)
    {
        bool found = _byPair.TryGetValue(Key(left, right), out var merge);
        (rank, id) = merge;
        return found;
    }

    /// <summary>The merges of a <c>merges.txt</c>.</summary>
    /// <exception cref="ArgumentException">A line is not two tokens with a blank between them.</exception>
    public static List<(string Left, string Right)> Parse(IEnumerable<string> lines)
    {
        var pairs = new List<(string, string)>();
        int number = 0;
        foreach (string line in lines)
        {
            number++;
            if ((number == 1 && line.StartsWith("#version", StringComparison.Ordinal)) || line.Length == 0) continue;
            pairs.Add(TryParse(line, out var pair) ? pair
                : throw new ArgumentException($"line {number} is not a merge, two tokens with a blank between them: \"{line}\""));
        }
        return pairs;
    }

    /// <summary>The two tokens of a line or of a string in <c>tokenizer.json</c>.</summary>
    public static bool TryParse([NotNullWhen(true)] string? line, out (string Left, string Right) pair)
    {
        string[] parts = line?.Split(' ') ?? [];
        pair = parts is [{ Length: > 0 } left, { Length: > 0 } right] ? (left, right) : default;
        return pair.Left is not null;
    }

    /// <summary>The content of a <c>merges.txt</c>.</summary>
    public string ToFile() => string.Concat(Pairs.Select(pair => $"{pair.Left} {pair.Right}\n").Prepend(Head + "\n"));

    static ulong Key(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;
}
