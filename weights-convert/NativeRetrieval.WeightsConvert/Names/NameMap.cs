namespace NativeRetrieval.WeightsConvert.Names;

/// <summary>How one published form of checkpoint calls its tensors: a file of <c>Maps</c>.</summary>
public sealed class NameMap
{
    readonly NameMapDocument _document;

    internal NameMap(NameMapDocument document, IReadOnlyDictionary<string, Architecture> architectures)
    {
        _document = document;
        Parts = [.. document.Parts.Select(part => new MapPart(architectures[part.Architecture], part.Source, part.Target))];
        Ignore = IgnoreRule.Of(document.Ignore);
    }

    public string Name => _document.Name;

    /// <summary>One line.</summary>
    public string About => _document.About;

    /// <summary>Whether block 6 of this form's CNN14 pools 2 x 2; null: it has no such block.</summary>
    public bool? PoolsBlock6 => _document.Block6Pooling is { } pooling ? pooling == "2x2" : null;

    /// <summary>Whether it holds both encoders and their heads.</summary>
    public bool IsRetrieval => Parts.Count > 1;

    internal IReadOnlyList<MapPart> Parts { get; }

    internal IReadOnlyList<IgnoreRule> Ignore { get; }

    /// <summary>What may stand before all names; any number of them in any order.</summary>
    internal IReadOnlyList<string> Wrappers => _document.Wrappers;

    /// <summary>Names that tell this form from one with the same encoder.</summary>
    internal IReadOnlyList<string> Present => _document.Present;

    internal IReadOnlyList<string> Absent => _document.Absent;

    /// <summary>From a name here to the name in a checkpoint of this form; null: the form has no such tensor.</summary>
    public string? ToSource(string name)
    {
        foreach (var part in Parts)
            if (name.StartsWith(part.Target, StringComparison.Ordinal)) return part.Source + name[part.Target.Length..];
        return null;
    }
}

/// <summary>One network inside a checkpoint.</summary>
/// <param name="Source">What its names begin with in the checkpoint.</param>
/// <param name="Target">What they begin with here.</param>
sealed record MapPart(Architecture Architecture, string Source, string Target);
