namespace NativeRetrieval.Server;

/// <summary>The indexes of a service, its key and its limits.</summary>
public sealed record ServerOptions
{
    /// <summary>Folders of the indexes that are searched, at least one; each is known by its folder's name without the extension.</summary>
    public required IReadOnlyList<string> Indexes { get; init; }
}
