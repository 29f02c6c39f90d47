namespace NativeRetrieval.WeightsConvert.Names;

/// <summary>A file of <c>Architectures</c>.</summary>
sealed record ArchitectureDocument(string Name, string Kind, string[] Widths, Dictionary<string, long> Sizes, Dictionary<string, string> Loops,
    OrderedDictionary<string, string> Tensors, OrderedDictionary<string, string> Ignore, Dictionary<string, string>? Aliases = null);
