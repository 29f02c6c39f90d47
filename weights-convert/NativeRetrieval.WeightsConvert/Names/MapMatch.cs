using NativeRetrieval.WeightsConvert.Checkpoints;

namespace NativeRetrieval.WeightsConvert.Names;

/// <summary>Result of applying a name map to a checkpoint.</summary>
sealed class MapMatch
{
    readonly List<(string Name, string Why)> _ignored = [];
    readonly List<string> _unexpected = [];

    MapMatch(NameMap map, string root, IReadOnlyList<CheckpointTensor> tensors)
    {
        (Map, Root) = (map, root);
        var byName = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        Parts = [.. map.Parts.Select(part => (part, part.Architecture.Match(name => byName.GetValueOrDefault(root + part.Source + name))))];
        var taken = Parts.SelectMany(part => part.Match.Mapped).Select(mapped => mapped.Tensor.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var tensor in tensors)
        {
            if (taken.Contains(tensor.Name)) continue;
            if (WhyIgnored(tensor.Name) is { } why) _ignored.Add((tensor.Name, why));
            else _unexpected.Add(tensor.Name);
        }
        IsTypical = map.Present.All(name => byName.ContainsKey(root + name)) && !map.Absent.Any(name => byName.ContainsKey(root + name));
    }

    public NameMap Map { get; }

    /// <summary>Prefix of all names of the model in the checkpoint.</summary>
    public string Root { get; }

    public IReadOnlyList<(MapPart Part, PartMatch Match)> Parts { get; }

    public IReadOnlyList<(string Name, string Why)> Ignored => _ignored;

    /// <summary>Tensors that have no place in the model and fit no rule for being ignored.</summary>
    public IReadOnlyList<string> Unexpected => _unexpected;

    public IReadOnlyList<string> Missing =>
        [.. Parts.SelectMany(part => part.Match.Missing.Select(name => Root + part.Part.Source + name))];

    public IReadOnlyList<(CheckpointTensor Tensor, string Expected)> OtherShape => [.. Parts.SelectMany(part => part.Match.OtherShape)];

    /// <summary>True if the checkpoint has the names that tell this form from others with the same encoder.</summary>
    public bool IsTypical { get; }

    public int Problems => Parts.Sum(part => part.Match.Missing.Count + part.Match.OtherShape.Count) + _unexpected.Count;

    /// <summary>All tensors of the model under this program's names.</summary>
    public IEnumerable<(string Name, CheckpointTensor Tensor)> Mapped =>
        Parts.SelectMany(part => part.Match.Mapped.Select(mapped => (part.Part.Target + mapped.Name, mapped.Tensor)));

    /// <summary>The match with the fewest problems; null where nothing in the checkpoint resembles this form.</summary>
    public static MapMatch? Of(NameMap map, IReadOnlyList<CheckpointTensor> tensors)
    {
        string anchor = map.Parts[0].Source + map.Parts[0].Architecture.Anchor;
        string[] words = [.. NameMaps.CommonWrappers, .. map.Wrappers];
        return tensors.Where(tensor => tensor.Name.EndsWith(anchor, StringComparison.Ordinal))
            .Select(tensor => tensor.Name[..^anchor.Length])
            .Where(IsWrapping).Select(root => new MapMatch(map, root, tensors)).MinBy(match => match.Problems);

        bool IsWrapping(string prefix) =>
            prefix.Length == 0 || words.Any(word => prefix.StartsWith(word, StringComparison.Ordinal) && IsWrapping(prefix[word.Length..]));
    }

    string? WhyIgnored(string name)
    {
        if (name.StartsWith(Root, StringComparison.Ordinal))
        {
            string own = name[Root.Length..];
            foreach (var (part, _) in Parts)
                if (own.StartsWith(part.Source, StringComparison.Ordinal)
                    && Why(part.Architecture.Ignore, own[part.Source.Length..]) is { } ofPart)
                    return ofPart;
            if ((Why(Map.Ignore, own) ?? Why(NameMaps.CommonIgnore, own)) is { } ofMap) return ofMap;
        }
        return Why(Map.Ignore, name) ?? Why(NameMaps.CommonIgnore, name);

        static string? Why(IReadOnlyList<IgnoreRule> rules, string name) => rules.FirstOrDefault(rule => rule.Matches(name))?.Why;
    }
}
