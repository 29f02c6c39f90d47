using NativeRetrieval.WeightsConvert.Checkpoints;

namespace NativeRetrieval.WeightsConvert.Names;

/// <summary>Result of applying a name map to a checkpoint.</summary>
sealed class MapMatch
{
    readonly BareNames _names;
    readonly string _prefix;
    readonly List<(string Name, string Why)> _ignored = [];
    readonly List<string> _unexpected = [];

    /// <param name="prefix">Prefix of the map's own that all bare names of the model have; may be empty.</param>
    MapMatch(NameMap map, string prefix, BareNames names)
    {
        (Map, _prefix, _names) = (map, prefix, names);
        Parts = [.. map.Parts.Select(part => (part, part.Architecture.Match(name => Find(part, name))))];
        Root = CommonRoot();
        var taken = Parts.SelectMany(part => part.Match.Mapped).SelectMany(mapped => mapped.Tensor.Pieces)
            .Concat(Parts.SelectMany(part => part.Match.Buffers).Select(buffer => buffer.Tensor)).ToHashSet();
        foreach (var (bare, tensor) in names.Tensors)
        {
            if (taken.Contains(tensor)) continue;
            if ((WhyIgnored(bare) ?? WhyIgnored(tensor.Name)) is { } why) _ignored.Add((tensor.Name, why));
            else _unexpected.Add(tensor.Name);
        }
        _ignored.AddRange(names.Aside);
        IsTypical = map.Present.All(name => Find(name) is not null) && !map.Absent.Any(name => Find(name) is not null);
    }

    public NameMap Map { get; }

    /// <summary>Prefix of all names of the model in the checkpoint.</summary>
    public string Root { get; }

    public IReadOnlyList<(MapPart Part, PartMatch Match)> Parts { get; }

    public IReadOnlyList<(string Name, string Why)> Ignored => _ignored;

    /// <summary>Wrapping words that were dropped from names of the model, each with the number of its tensors that had it.</summary>
    public IReadOnlyList<(string Name, int Count)> Stripped =>
        [.. Mapped.SelectMany(mapped => BareNames.WrappersOf(mapped.Tensor.Name).Distinct()).GroupBy(word => word)
            .OrderBy(words => words.Key, StringComparer.Ordinal).Select(words => (words.Key, words.Count()))];

    /// <summary>Tensors that have no place in the model and fit no rule for being ignored.</summary>
    public IReadOnlyList<string> Unexpected => _unexpected;

    public IReadOnlyList<string> Missing =>
        [.. Parts.SelectMany(part => part.Match.Missing.SelectMany(part.Part.SourcesOf)).Where(name => Find(name) is null)
            .Select(name => Root + name)];

    public IReadOnlyList<(CheckpointTensor Tensor, string Expected)> OtherShape => [.. Parts.SelectMany(part => part.Match.OtherShape)];

    /// <summary>True if the checkpoint has the names that tell this form from others with the same encoder.</summary>
    public bool IsTypical { get; }

    public int Problems => Parts.Sum(part => part.Match.Missing.Count + part.Match.OtherShape.Count) + _unexpected.Count;

    /// <summary>All tensors of the model under this program's names.</summary>
    public IEnumerable<(string Name, CheckpointTensor Tensor)> Mapped =>
        Parts.Where(part => !part.Part.Architecture.IsScale).SelectMany(
            part => part.Match.Mapped.Select(mapped => (part.Part.Target + mapped.Name, mapped.Tensor)));

    /// <summary>The tensor of a bare name behind the map's own prefix; null: the checkpoint has none.</summary>
    public CheckpointTensor? Find(string name) => _names.Tensors.GetValueOrDefault(_prefix + name);

    /// <summary>A tensor of a network: the checkpoint's own, or several of it with their rows one after another.</summary>
    CheckpointTensor? Find(MapPart part, string name)
    {
        var sources = part.SourcesOf(name);
        if (sources.Count == 1) return Find(sources[0]);
        var pieces = sources.Select(Find).OfType<CheckpointTensor>().ToList();
        return pieces.Count == sources.Count ? CheckpointTensor.Stack(pieces) : null;
    }

    /// <summary>The match with the fewest problems; null where nothing in the checkpoint resembles this form.</summary>
    public static MapMatch? Of(NameMap map, BareNames names)
    {
        string anchor = map.Anchor;
        return names.Tensors.Keys.Where(name => name.EndsWith(anchor, StringComparison.Ordinal))
            .Select(name => name[..^anchor.Length])
            .Where(IsOwn).Select(prefix => new MapMatch(map, prefix, names)).MinBy(match => match.Problems);

        bool IsOwn(string prefix) => prefix.Length == 0
            || map.Prefixes.Any(own => prefix.StartsWith(own, StringComparison.Ordinal) && IsOwn(prefix[own.Length..]));
    }

    string CommonRoot()
    {
        string[]? common = null;
        foreach (var (_, tensor) in Mapped)
        {
            string[] root = RootOf(tensor.Name);
            common = common is null ? root : [.. common.Zip(root).TakeWhile(pair => pair.First == pair.Second).Select(pair => pair.First)];
        }
        return string.Concat((common ?? []).Select(word => word + "."));
    }

    /// <summary>The words of a name before those that the model gives.</summary>
    string[] RootOf(string name)
    {
        string[] words = name.Split('.'), own = _prefix.Split('.')[..^1];
        (int at, int passed) = (0, 0);
        for (; at < words.Length - 1; at++)
            if (passed < own.Length && words[at] == own[passed]) passed++;
            else if (!NameMaps.Wrappers.Contains(words[at])) break;
        return words[..at];
    }

    string? WhyIgnored(string name)
    {
        if (name.StartsWith(_prefix, StringComparison.Ordinal))
        {
            string own = name[_prefix.Length..];
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
