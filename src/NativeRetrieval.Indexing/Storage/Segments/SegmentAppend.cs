
namespace NativeRetrieval.Indexing.Storage.Segments;

/// <summary>Rows on their way to the ends of segment files. They count once a transaction has recorded <see cref="Changed"/>.</summary>
internal sealed class SegmentAppend(string folder, SegmentFormat format, IIndexIo io, int maxSegmentRows, SegmentRecord? last,
    int nextSegment) : IDisposable
{
    readonly List<SegmentRecord> _changed = [];
    ISegmentOutput? _output;
    SegmentRecord? _current = last;
    bool _created;

    public int NextSegment { get; private set; } = nextSegment;

    public IReadOnlyList<SegmentRecord> Changed => _changed;

    /// <summary>Writes the rows of one file, which stay together in one segment.</summary>
    /// <returns>The id of the first.</returns>
    public unsafe long Write(byte[] rows)
    {
        int count = rows.Length / format.StrideBytes;
        if (_current is null || (long)_current.Rows + count > maxSegmentRows) StartSegment();
        _output ??= io.OpenSegment(PathOf(_current!), create: false);

        int first = _current!.Rows;
        _output.Write(format.OffsetBytes(first), rows);
        uint[] checksums = new uint[count];
        fixed (byte* start = rows) RowChecksums.Of(start, format.StrideBytes, checksums);
        _current = _current with { Rows = first + count, RowsSum = RowChecksums.Extend(_current.RowsSum ?? 0, checksums) };
        return RowId.Of(_current.Id, first);
    }

    /// <summary>Returns when all rows have reached the disk.</summary>
    public void Flush()
    {
        FinishSegment();
        if (_created) io.FlushFolder(folder);
    }

    public void Dispose() => _output?.Dispose();

    void StartSegment()
    {
        FinishSegment();
        _current = new SegmentRecord(NextSegment++, Rows: 0, new RowBitmap(), SegmentFormat.HeaderVersion, RowsSum: 0);
        _created = true;
        _output = io.OpenSegment(PathOf(_current), create: true);
        _output.Write(0, format.Header(_current.Id));
    }

    void FinishSegment()
    {
        if (_output is null) return;
        _output.Flush();
        _output.Dispose();
        _output = null;
        _changed.Add(_current!);
    }

    string PathOf(SegmentRecord segment) => Path.Combine(folder, SegmentFormat.FileName(segment.Id));
}
