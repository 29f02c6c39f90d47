namespace NativeRetrieval.WeightsConvert.Names;

/// <summary>A file of <c>Maps</c>.</summary>
sealed record NameMapDocument(string Name, string About, string[] Wrappers, MapPartDocument[] Parts, string[] Present, string[] Absent,
    OrderedDictionary<string, string> Ignore, string? Block6Pooling = null);
