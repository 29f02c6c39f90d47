namespace NativeRetrieval.WeightsConvert.Names;

/// <summary>Tensors that a checkpoint may hold and a model has no use for.</summary>
/// <param name="Pattern">A name in which each <c>*</c> stands for any characters.</param>
/// <param name="Why">Reason, shown in the report.</param>
public sealed record IgnoreRule(string Pattern, string Why)
{
    /// <summary>True if a tensor's name fits the pattern.</summary>
    public bool Matches(string name)
    {
        string[] pieces = Pattern.Split('*');
        if (pieces.Length == 1) return name == Pattern;
        if (!name.StartsWith(pieces[0], StringComparison.Ordinal)) return false;
        int at = pieces[0].Length;
        foreach (string piece in pieces.AsSpan(1, pieces.Length - 2))
        {
            int found = name.IndexOf(piece, at, StringComparison.Ordinal);
            if (found < 0) return false;
            at = found + piece.Length;
        }
        return name.Length - at >= pieces[^1].Length && name.EndsWith(pieces[^1], StringComparison.Ordinal);
    }

    internal static IReadOnlyList<IgnoreRule> Of(OrderedDictionary<string, string> rules) =>
        [.. rules.Select(rule => new IgnoreRule(rule.Key, rule.Value))];
}
