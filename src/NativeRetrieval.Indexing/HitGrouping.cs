namespace NativeRetrieval.Indexing;

public enum HitGrouping
{
    /// <summary>Each file appears once, with its best window.</summary>
    BestWindowPerFile,

    /// <summary>A file appears with each of its windows that ranks high enough.</summary>
    AllWindows,
}
