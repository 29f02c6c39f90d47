using NativeRetrieval.Core.Search;

namespace NativeRetrieval.Indexing.Storage.Segments;

/// <summary>The rows of one segment that are in memory, rounded to fixed point, and have been compared. For one thread at a time.</summary>
internal sealed class KeptSegment(SegmentFormat format)
{
    readonly RowMemory _memory = new(format, rounded: true);
    uint[] _checksums = [];
    uint _sum;

    public int Count => _checksums.Length;

    /// <summary>The rows of a session, those that are new read and compared. The caller releases their memory.</summary>
    /// <exception cref="Core.Errors.IndexCorruptException">A row in use is not what was written.</exception>
    public KeptRows Load(ReadSession session, SegmentRows rows)
    {
        int here = _checksums.Length;
        if (rows.Count > here)
        {
            uint[] checksums = new uint[rows.Count - here];
            _memory.Read(rows.File, here, here, checksums);
            _sum = session.Confirm(rows, _sum, here, checksums);
            _checksums = [.. _checksums, .. checksums];
        }
        _memory.Acquire();
        return new(rows, _memory, _checksums);
    }

    public void Release() => _memory.Release();
}

/// <summary>A session's rows of one segment, in memory.</summary>
/// <param name="Checksums">Of the rows as they are in the file; there may be more than the session has.</param>
internal sealed record KeptRows(SegmentRows Rows, RowMemory Memory, uint[] Checksums)
{
    public IEnumerable<RowBlock> Blocks() => Memory.Blocks(Rows.Count, RowId.Of(Rows.Id, 0), Rows);
}
