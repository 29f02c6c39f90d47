namespace NativeRetrieval.Indexing;

/// <summary>Result of a full check of an index.</summary>
/// <param name="FilesChecked">Files whose record was read and compared with its checksum.</param>
/// <param name="WindowsChecked">Vectors that were read and compared with their checksums.</param>
/// <param name="Problems">One line each; empty when the index is intact.</param>
public sealed record IndexVerification(long FilesChecked, long WindowsChecked, IReadOnlyList<string> Problems)
{
    /// <summary>True if no problem was found.</summary>
    public bool IsIntact => Problems.Count == 0;
}
