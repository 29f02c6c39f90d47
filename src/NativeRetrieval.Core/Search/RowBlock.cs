namespace NativeRetrieval.Core.Search;

/// <summary>
/// Rows to be searched, consecutive in host memory that the caller owns, such as a mapped file. The address is not checked and the
/// memory is not kept alive: all of it must be readable, and unchanged, until the search that is given the block has returned.
/// </summary>
/// <param name="Rows">
/// Address of the first row; float32, bfloat16 or int16 in fixed point, little-endian. Each row takes <see cref="RowSearch.StrideBytes"/>
/// bytes, the last ones zero.
/// </param>
/// <param name="Count">Number of rows, 0 or more.</param>
/// <param name="FirstId">Id of the first row; the others follow.</param>
/// <param name="Excluded">Bit r % 64 of word r / 64 is set where row r must not be found; missing words exclude nothing.</param>
public readonly record struct RowBlock(nint Rows, int Count, long FirstId, ulong[] Excluded);
