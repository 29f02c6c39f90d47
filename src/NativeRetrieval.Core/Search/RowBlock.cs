namespace NativeRetrieval.Core.Search;

/// <summary>Rows to be searched, consecutive in memory.</summary>
/// <param name="Rows">The first row; float32 or bfloat16, each row zero-padded to a multiple of 64 bytes.</param>
/// <param name="Count">Number of rows.</param>
/// <param name="FirstId">Id of the first row; the others follow.</param>
/// <param name="Excluded">Bit r % 64 of word r / 64 is set where row r must not be found; missing words exclude nothing.</param>
internal readonly record struct RowBlock(nint Rows, int Count, long FirstId, ulong[] Excluded)
{
    public bool Excludes(int row) => row / 64 < Excluded.Length && (Excluded[row / 64] >> (row % 64) & 1) != 0;
}
