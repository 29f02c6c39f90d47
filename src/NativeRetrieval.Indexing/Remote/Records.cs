using NativeRetrieval.Indexing.Storage;

namespace NativeRetrieval.Indexing.Remote;

/// <summary>Counts of an index at one commit.</summary>
/// <param name="Commits">Number of the commit.</param>
/// <param name="NextRow">Row that the next window gets.</param>
/// <param name="Tokens">Words of all files' texts, each as often as it is there.</param>
internal sealed record ServerState(long Commits, long NextRow, long Files, long Windows, long Tokens);

/// <summary>A window with the server's score.</summary>
/// <param name="FirstRow">First row of its file.</param>
internal readonly record struct Candidate(double Score, long Row, long FirstRow);

/// <summary>A window without its vector.</summary>
/// <param name="Checksum">CRC-32C of the row as an index in a folder has it.</param>
internal readonly record struct WindowMark(long Row, double StartSeconds, double EndSeconds, uint Checksum);

/// <summary>A window as it is stored.</summary>
internal sealed record StoredWindow(WindowMark Mark, long FirstRow, float[] Vector);

/// <summary>A file as it is stored.</summary>
/// <param name="Tokens">Words of its texts.</param>
internal sealed record StoredFile(long FirstRow, int Windows, IndexedFile File, SoundDetails Details, int Tokens)
{
    public string Text => FileText.Of(File.FullPath, Details);

    public long TextKey => FileText.KeyOf(Text);
}

/// <summary>A file that passes a filter.</summary>
/// <param name="TextKey">Key of its text; see <see cref="FileText.KeyOf"/>.</param>
internal readonly record struct FileWithText(long FirstRow, long TextKey);

/// <summary>A text with the server's score.</summary>
internal readonly record struct TextCandidate(double Score, long Key);

/// <summary>The vector of a text, whose values fit into bfloat16.</summary>
/// <param name="Checksum">As in the catalogue of a folder.</param>
internal sealed record StoredText(long Key, float[] Vector, long Checksum);

/// <summary>A file that has a term.</summary>
/// <param name="Places">Its places, ascending; see <see cref="WordTokens"/>.</param>
/// <param name="Tokens">Words of the file's texts.</param>
internal sealed record Posting(long FirstRow, int[] Places, int Tokens);

/// <summary>A file to be stored.</summary>
/// <param name="Rows">Its windows' vectors; empty where those that are there stay.</param>
/// <param name="Terms">Words of its texts with their places.</param>
internal sealed record WrittenFile(StoredFile File, IReadOnlyList<StoredWindow> Rows, IReadOnlyDictionary<string, int[]> Terms);

/// <summary>The changes of one commit.</summary>
/// <param name="Next">Counts afterwards.</param>
internal sealed record ServerChange(ServerState Next)
{
    /// <summary>Files that go, with their windows and words.</summary>
    public IReadOnlyList<StoredFile> Removed { get; init; } = [];

    /// <summary>Files that come.</summary>
    public IReadOnlyList<WrittenFile> Added { get; init; } = [];

    /// <summary>Files that keep their windows and have another description.</summary>
    public IReadOnlyList<WrittenFile> Described { get; init; } = [];

    public IndexBackground? Background { get; init; }

    /// <summary>Texts that come, while those that no file has any more may go; null: none of both.</summary>
    public IReadOnlyList<StoredText>? Texts { get; init; }

    public TextScale? TextScale { get; init; }
}

/// <summary>Files to list: all, or those of one kind of key. At most one is not null.</summary>
internal sealed record FileChoice
{
    public static FileChoice All { get; } = new();

    public IReadOnlyCollection<long>? FirstRows { get; init; }

    public IReadOnlyCollection<string>? FullPaths { get; init; }
}

/// <summary>Windows, or files, that may be found.</summary>
internal sealed record Selection
{
    public static Selection All { get; } = new();

    public SoundFilter Filter { get; init; } = SoundFilter.None;

    /// <summary>Glob that the path matches, with its case.</summary>
    public PathGlob? Path { get; init; }

    /// <summary>First rows of the only files.</summary>
    public IReadOnlyCollection<long>? Only { get; init; }

    /// <summary>Keys of the only texts of files.</summary>
    public IReadOnlyCollection<long>? Texts { get; init; }

    /// <summary>First rows of files that are left out.</summary>
    public IReadOnlyCollection<long> Without { get; init; } = [];

    /// <summary>Least score by the server's arithmetic.</summary>
    public double LeastScore { get; init; } = double.NegativeInfinity;
}
