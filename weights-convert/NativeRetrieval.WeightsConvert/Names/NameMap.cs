namespace NativeRetrieval.WeightsConvert.Names;

/// <summary>Tensor names of one published form of checkpoint: a file of <c>Maps</c>.</summary>
public sealed class NameMap
{
    readonly NameMapDocument _document;

    internal NameMap(NameMapDocument document, IReadOnlyDictionary<string, Architecture> architectures)
    {
        _document = document;
        Parts = [.. document.Parts.Select(part => new MapPart(architectures[part.Architecture], part))];
        Ignore = IgnoreRule.Of(document.Ignore);
    }

    /// <summary>Name that users type, e.g. <c>panns-cnn14</c>.</summary>
    public string Name => _document.Name;

    /// <summary>Description in one line.</summary>
    public string About => _document.About;

    /// <summary>True if block 6 of this form's CNN14 pools 2 x 2, false if 1 x 1; null: it has no such block.</summary>
    public bool? PoolsBlock6 => _document.Block6Pooling is { } pooling ? pooling == "2x2" : null;

    /// <summary>True if the form holds both encoders and their heads.</summary>
    public bool IsRetrieval => Parts.Count > 1;

    /// <summary>Settings that the weights do not show; null: those of a model of the report.</summary>
    internal FormSettings? Settings => _document.Settings;

    internal IReadOnlyList<MapPart> Parts { get; }

    /// <summary>Name of a tensor by which the form is recognised.</summary>
    internal string Anchor => Parts[0].SourcesOf(Parts[0].Architecture.Anchor)[0];

    internal IReadOnlyList<IgnoreRule> Ignore { get; }

    /// <summary>Prefixes that all names of this form may have, with their dots; any number of them in any order.</summary>
    internal IReadOnlyList<string> Prefixes => _document.Prefixes;

    /// <summary>Names that tell this form from one with the same encoder.</summary>
    internal IReadOnlyList<string> Present => _document.Present;

    internal IReadOnlyList<string> Absent => _document.Absent;

    /// <summary>
    /// Name in a checkpoint of this form of a tensor with this program's name, the first of several that are stacked to one here; null:
    /// the form has no such tensor.
    /// </summary>
    public string? ToSource(string name) => ToSources(name).FirstOrDefault();

    /// <summary>
    /// Names in a checkpoint of this form of the tensors that make one with this program's name, from its first rows to its last; empty:
    /// the form has none.
    /// </summary>
    internal IReadOnlyList<string> ToSources(string name)
    {
        foreach (var part in Parts)
            if (name.StartsWith(part.Target, StringComparison.Ordinal)) return part.SourcesOf(name[part.Target.Length..]);
        return [];
    }
}

/// <summary>One network inside a checkpoint.</summary>
sealed class MapPart(Architecture architecture, MapPartDocument document)
{
    public Architecture Architecture => architecture;

    /// <summary>Prefix of its names in the checkpoint.</summary>
    public string Source => document.Source;

    /// <summary>Prefix of its names in this program.</summary>
    public string Target => document.Target;

    /// <summary>Names in the checkpoint, without the map's prefix, of what is one tensor of the network.</summary>
    /// <param name="name">Name in the network.</param>
    public IReadOnlyList<string> SourcesOf(string name)
    {
        foreach (var (own, others) in document.Stacks ?? [])
            if (name.Contains(own, StringComparison.Ordinal)) return [.. others.Select(other => Source + name.Replace(own, other))];
        foreach (var (own, other) in document.Names ?? [])
            if (name.Contains(own, StringComparison.Ordinal)) return [Source + name.Replace(own, other)];
        return [Source + name];
    }
}
