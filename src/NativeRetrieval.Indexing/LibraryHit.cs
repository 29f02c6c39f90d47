namespace NativeRetrieval.Indexing;

/// <summary>A recording, or a stretch of one, that answers a question to a library.</summary>
public sealed record LibraryHit
{
    /// <summary>1 for the best; counts the skipped ones.</summary>
    public required int Rank { get; init; }

    /// <summary>The file's absolute path.</summary>
    public required string Path { get; init; }

    /// <summary>Start of the best window, seconds.</summary>
    public required double StartSeconds { get; init; }

    /// <summary>End of the best window, seconds.</summary>
    public required double EndSeconds { get; init; }

    /// <summary>Cosine similarity of the best window with the query, −1 to 1 up to rounding.</summary>
    public required float Score { get; init; }

    /// <summary>Row of the best window; see <see cref="SearchHit.RowId"/>.</summary>
    public required long RowId { get; init; }

    /// <summary>
    /// Share of the index's background scores that are below this one, 0 to 100; NaN where the index has no background.
    /// </summary>
    public double Percentile { get; init; } = double.NaN;

    /// <summary>Place in the ranking by sound, 1 for the best; null: past its end.</summary>
    public int? SoundRank { get; init; }

    /// <summary>Place in the ranking by words, 1 for the best; null: none of the words is in the file's text.</summary>
    public int? WordRank { get; init; }

    /// <summary>Place in the ranking by meaning of texts, 1 for the best; null: the file's text means something else.</summary>
    public int? MeaningRank { get; init; }

    /// <summary>Words of the query that are in the file's text.</summary>
    public IReadOnlyList<string> MatchedWords { get; init; } = [];

    /// <summary>Best stretches of the recording, by score; the first holds the best window.</summary>
    public IReadOnlyList<SoundStretch> Stretches { get; init; } = [];

    /// <summary>Facts about the recording.</summary>
    public required SoundDetails Details { get; init; }
}

/// <summary>A stretch of a recording that answers a query.</summary>
/// <param name="StartSeconds">Start, seconds.</param>
/// <param name="EndSeconds">End, seconds.</param>
/// <param name="Score">Cosine similarity of its best window, −1 to 1 up to rounding.</param>
public sealed record SoundStretch(double StartSeconds, double EndSeconds, float Score);
