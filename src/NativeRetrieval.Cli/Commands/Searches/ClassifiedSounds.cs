using System.Runtime.CompilerServices;
using NativeRetrieval.Cli.Commands.ModelFolders;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.Indexing;
using NativeRetrieval.Models;

namespace NativeRetrieval.Cli.Commands.Searches;

/// <summary>Sounds to classify, with their windows, and the model that reads labels.</summary>
internal abstract class ClassifiedSounds(RetrievalEngine engine) : IDisposable
{
    public RetrievalEngine Engine => engine;

    public abstract int Count { get; }

    /// <summary>Quantiles of scores that mean nothing; empty: there are none.</summary>
    public virtual IReadOnlyList<float> Background => [];

    /// <summary>A message for each sound that cannot be read.</summary>
    public List<string> Skipped { get; } = [];

    /// <summary>The sounds in turn; windows are null where one cannot be read.</summary>
    public abstract IAsyncEnumerable<(string Path, IReadOnlyList<AudioWindow>? Windows)> ReadAsync(CancellationToken cancellation);

    public virtual void Dispose() => engine.Dispose();
}

/// <summary>Sound files, which are heard now.</summary>
internal sealed class FoundFiles : ClassifiedSounds
{
    readonly Terminal _terminal;
    readonly FoundSounds _found;

    FoundFiles(Terminal terminal, RetrievalEngine engine, FoundSounds found) : base(engine)
    {
        (_terminal, _found) = (terminal, found);
        Skipped.AddRange(found.LeftOut.Where(left => left.Outcome != FileOutcome.Duplicate).Select(left => left.Message!));
    }

    public static ClassifiedSounds Open(Terminal terminal, IReadOnlyList<string> paths, DirectoryInfo? model, Device device,
        TextPrecision precision, CancellationToken cancellation)
    {
        string chosen = new ModelChoice(terminal).NamedOrDefault(model);
        var found = SoundFiles.Find(paths, cancellation);
        return new FoundFiles(terminal, RetrievalEngine.Open(chosen, device, textPrecision: precision), found);
    }

    public override int Count => _found.Files.Count;

    public override async IAsyncEnumerable<(string Path, IReadOnlyList<AudioWindow>? Windows)> ReadAsync(
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        await Task.CompletedTask;
        var settings = Engine.IndexSettings(hopSeconds: Engine.Model.Config.MaxSeconds);
        foreach (string path in _found.Files)
        {
            cancellation.ThrowIfCancellationRequested();
            IReadOnlyList<AudioWindow>? windows = null;
            try
            {
                windows = Engine.EmbedFile(path, settings.WindowSeconds, settings.HopSeconds, cancellation, _terminal.Warning);
            }
            catch (Exception error) when (error is AudioDecodeException or FileReadException)
            {
                Skipped.Add(error.Message);
            }
            yield return (path, windows);
        }
    }
}

/// <summary>Recordings of an index that pass a filter, by the vectors that it has.</summary>
internal sealed class IndexedSounds : ClassifiedSounds
{
    readonly LocalAudioIndex _index;
    readonly IReadOnlyList<IndexedFile> _files;

    IndexedSounds(RetrievalEngine engine, LocalAudioIndex index, IReadOnlyList<IndexedFile> files) : base(engine) =>
        (_index, _files, Background) = (index, files, index.Background()?.Sentences ?? []);

    public static ClassifiedSounds Open(Terminal terminal, string folder, DirectoryInfo? model, Device device, TextPrecision precision,
        SoundFilter filter)
    {
        var index = LocalAudioIndex.Open(folder, IndexAccess.Read);
        try
        {
            var choice = new ModelChoice(terminal);
            return new IndexedSounds(choice.Named(model) is { } named
                ? ModelChoice.OpenNamed(named, folder, index.Settings, device, ModelParts.Text, precision)
                : choice.Open(folder, index.Settings, device, ModelParts.Text, precision), index, index.Files(filter));
        }
        catch
        {
            index.Dispose();
            throw;
        }
    }

    public override int Count => _files.Count;

    public override IReadOnlyList<float> Background { get; }

    public override async IAsyncEnumerable<(string Path, IReadOnlyList<AudioWindow>? Windows)> ReadAsync(
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var file in _files)
            if (await _index.GetAsync(file.FullPath, cancellation) is { } entry) yield return (file.FullPath, entry.Windows);
    }

    public override void Dispose()
    {
        base.Dispose();
        _index.Dispose();
    }
}
