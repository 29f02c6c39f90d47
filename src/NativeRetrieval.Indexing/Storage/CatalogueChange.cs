using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing.Storage.Segments;

namespace NativeRetrieval.Indexing.Storage;

/// <summary>The records that one transaction changes, written when it is complete.</summary>
internal sealed class CatalogueChange(Catalogue catalogue, CatalogueState state)
{
    readonly DetailsTable _details = new(catalogue);
    readonly Dictionary<int, SegmentRecord> _segments = [];
    CatalogueState _state = state with { Generation = state.Generation + 1 };

    /// <summary>A segment that has grown; its deleted rows are those of the record.</summary>
    public void Put(SegmentRecord segment) => _segments[segment.Id] = segment;

    public void Add(FileRecord file, SoundDetails details)
    {
        catalogue.InsertFile(file);
        _details.Insert(file, details);
        _state = _state with { Files = _state.Files + 1, LiveRows = _state.LiveRows + file.Windows.Length };
    }

    /// <summary>Removes a file's record and marks its rows deleted.</summary>
    public void Remove(FileRecord file)
    {
        catalogue.DeleteFile(file);
        _details.Delete(file.FirstRow);
        int id = RowId.Segment(file.FirstRow), first = RowId.Row(file.FirstRow);
        if (!_segments.TryGetValue(id, out var segment)) _segments.Add(id, segment = catalogue.ReadSegment(id));
        if (first < 0 || first + file.Windows.Length > segment.Rows)
            throw new IndexCorruptException(catalogue.Path,
                $"{file.File.FullPath} refers to rows past the end of segment {id}; {Catalogue.WayOut}");
        segment.Deleted.Set(first, file.Windows.Length);
        _state = _state with { Files = _state.Files - 1, LiveRows = _state.LiveRows - file.Windows.Length };
    }

    /// <summary>Changes a file's record.</summary>
    /// <param name="details">Details of the file as it is now; null: those it has.</param>
    public void Replace(FileRecord former, FileRecord file, SoundDetails? details = null)
    {
        details ??= _details.Read(former.FirstRow);
        catalogue.DeleteFile(former);
        _details.Delete(former.FirstRow);
        catalogue.InsertFile(file);
        if (details is not null) _details.Insert(file, details);
    }

    /// <returns>The state after the transaction.</returns>
    public CatalogueState Finish()
    {
        foreach (var segment in _segments.Values) catalogue.WriteSegment(segment);
        catalogue.WriteState(_state);
        return _state;
    }
}
