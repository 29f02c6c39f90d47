namespace NativeRetrieval.Indexing;

public sealed partial class LocalAudioIndex
{
    /// <inheritdoc/>
    public string Place => _folder;

    Task<IReadOnlyList<IndexedFile>> ILibraryIndex.FilesAsync(CancellationToken cancellationToken) =>
        Task.Run(Files, cancellationToken);

    Task<IReadOnlyDictionary<string, SoundDetails?>> ILibraryIndex.DetailsAsync(CancellationToken cancellationToken) =>
        Task.Run(Details, cancellationToken);

    Task<IndexBackground?> ILibraryIndex.BackgroundAsync(CancellationToken cancellationToken) => Task.Run(Background, cancellationToken);

    Task<IReadOnlyList<string>> ILibraryIndex.TextsWithoutVectorsAsync(CancellationToken cancellationToken) =>
        Task.Run(TextsWithoutVectors, cancellationToken);

    Task<TextScale?> ILibraryIndex.TextScaleAsync(CancellationToken cancellationToken) => Task.Run(TextScale, cancellationToken);

    Task<IReadOnlyList<(string Text, float[] Vector)>> ILibraryIndex.SampleVectorsAsync(int most, CancellationToken cancellationToken) =>
        Task.Run(() => SampleVectors(most), cancellationToken);

    Task<IndexStats> ILibraryIndex.StatsAsync(CancellationToken cancellationToken) => Task.Run(Stats, cancellationToken);
}
