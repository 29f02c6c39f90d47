namespace NativeRetrieval.WeightsConvert.Names;

/// <summary>Tensor names of one published form of checkpoint: a file of <c>Maps</c>.</summary>
public sealed class NameMap
{
    readonly NameMapDocument _document;

    internal NameMap(NameMapDocument document, IReadOnlyDictionary<string, Architecture> architectures)
    {
        _document = document;
        Parts = [.. document.Parts.Select(part => new MapPart(architectures[part.Architecture], part.Source, part.Target))];
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

    internal IReadOnlyList<MapPart> Parts { get; }

    internal IReadOnlyList<IgnoreRule> Ignore { get; }

    /// <summary>Prefixes that all names of this form may have, with their dots; any number of them in any order.</summary>
    internal IReadOnlyList<string> Prefixes => _document.Prefixes;

    /// <summary>Names that tell this form from one with the same encoder.</summary>
    internal IReadOnlyList<string> Present => _document.Present;

    internal IReadOnlyList<string> Absent => _document.Absent;

    /// <summary>Name in a checkpoint of this form of a tensor with this program's name; null: the form has no such tensor.</summary>
    public string? ToSource(string name)
    {
        foreach (var part in Parts)
            if (name.StartsWith(part.Target, StringComparison.Ordinal)) return part.Source + name[part.Target.Length..];
        return null;
    }
}

/// <summary>One network inside a checkpoint.</summary>
/// <param name="Source">Prefix of its names in the checkpoint.</param>
/// <param name="Target">Prefix of its names in this program.</param>
sealed record MapPart(Architecture Architecture, string Source, string Target);
