using System.Diagnostics;
using System.Globalization;
using NativeRetrieval.Benchmarks.Measuring;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Indexing;

namespace NativeRetrieval.Benchmarks.Serving;

/// <summary>
/// Searches of a made-up index in a folder, from vectors: opening, one and several queries, and every filter, in turn. A search reads rows,
/// so times stand beside what memory gives.
/// </summary>
internal static class CollectionCommand
{
    public const string Name = "collection";

    public const string Usage = $"       {Name} [--windows N] [--rounds N] [--element float32|bfloat16] [--at FOLDER]  searches, filters";

    sealed record Options(int Windows = 100_000, int Rounds = 21, DType Element = DType.Float32, string? At = null);

    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        var options = Parse(args);
        if (options is null)
        {
            error.WriteLine($"usage:\n{Usage}");
            return 2;
        }
        var temporary = options.At is null ? Directory.CreateTempSubdirectory("nativeretrieval-collection-") : null;
        try
        {
            string folder = Path.Combine(temporary?.FullName ?? options.At!, "sounds.nrx");
            if (!Directory.Exists(folder)) await MakeAsync(folder, options);
            await MeasureAsync(folder, options.Rounds, output);
            return 0;
        }
        finally
        {
            temporary?.Delete(recursive: true);
        }
    }

    static Options? Parse(string[] args)
    {
        var options = new Options();
        for (int i = 0; i < args.Length; i += 2)
        {
            string? value = i + 1 < args.Length ? args[i + 1] : null;
            Options? next = args[i] switch
            {
                "--windows" when Number(value) is >= ServedCollection.WindowsPerFile and var windows => options with { Windows = windows },
                "--rounds" when Number(value) is { } rounds => options with { Rounds = rounds },
                "--element" when value == "float32" => options with { Element = DType.Float32 },
                "--element" when value == "bfloat16" => options with { Element = DType.BFloat16 },
                "--at" when value is not null => options with { At = value },
                _ => null,
            };
            if (next is null) return null;
            options = next;
        }
        return options;
    }

    static int? Number(string? text) => int.TryParse(text, CultureInfo.InvariantCulture, out int number) && number > 0 ? number : null;

    static async Task MakeAsync(string folder, Options options)
    {
        using var index = LocalAudioIndex.Create(folder, new IndexSettings
        {
            ModelId = "made up",
            ModelFingerprint = new string('0', 64),
            Dimension = ServedCollection.Dimension,
            Element = options.Element,
            WindowSeconds = ServedCollection.WindowSeconds,
            HopSeconds = ServedCollection.WindowSeconds,
        });
        var random = new Random(1);
        int files = options.Windows / ServedCollection.WindowsPerFile;
        for (int first = 0; first < files; first += ServedCollection.FilesPerCommit)
            await index.UpsertAsync([.. Enumerable.Range(first, Math.Min(ServedCollection.FilesPerCommit, files - first))
                .Select(file => ServedCollection.Entry(random, file, described: true))]);
    }

    static async Task MeasureAsync(string folder, int rounds, TextWriter output)
    {
        var watch = Stopwatch.StartNew();
        using var index = LocalAudioIndex.Open(folder, IndexAccess.Read);
        double openMs = watch.Elapsed.TotalMilliseconds;
        float[] queries = [.. Enumerable.Range(0, 64).SelectMany(i => ServedCollection.Vector(new Random(1000 + i)))];
        watch.Restart();
        await SearchAsync(index, queries, SoundFilter.None);
        double firstMs = watch.Elapsed.TotalMilliseconds;
        watch.Restart();
        await index.LoadAsync();
        double loadMs = watch.Elapsed.TotalMilliseconds;

        var stats = index.Stats();
        double gigabytes = (double)stats.Windows * ServedCollection.Dimension * index.Settings.Element.SizeBytes() / 1e9;
        double memory = Ceilings.Measure().GigabytesPerSecond;
        output.WriteLine(FormattableString.Invariant($"{stats.Windows:N0} windows of {stats.Files:N0} files, ")
            + FormattableString.Invariant($"{ServedCollection.Dimension} x {index.Settings.Element}, {gigabytes:F2} GB; ")
            + FormattableString.Invariant($"memory gives {memory:F1} GB/s"));
        output.WriteLine(FormattableString.Invariant($"opened in {openMs:F0} ms, first search {firstMs:F0} ms, loaded in {loadMs:F0} ms"));

        (string Name, Action Run)[] searches =
        [
            .. ((int[])[1, 4, 16, 64]).Select(count => (count == 1 ? "one query" : $"{count} queries at once",
                Searched(index, queries.AsMemory(0, count * ServedCollection.Dimension)))),
            .. Filters(index).Select(filter => (filter.Name, Filtered(index, queries, filter.Filter))),
        ];
        double[] medians = Turns.MedianMs(rounds, [.. searches.Select(search => Contender.Ours(search.Run))]);
        output.WriteLine("| search | ms | of one query |");
        output.WriteLine("|---|---:|---:|");
        foreach (var (i, search) in searches.Index())
            output.WriteLine(FormattableString.Invariant($"| {search.Name} | {medians[i]:F1} | {medians[i] / medians[0]:F2} |"));
        output.WriteLine(FormattableString.Invariant($"one query reads {gigabytes / medians[0] * 1000:F1} GB/s of the stored rows, ")
            + FormattableString.Invariant($"{100 * gigabytes / medians[0] * 1000 / memory:F0} % of what memory gives"));
    }

    /// <summary>Each condition alone and all together, with the share of the files that meets it.</summary>
    static IEnumerable<(string Name, SoundFilter Filter)> Filters(LocalAudioIndex index)
    {
        int files = checked((int)index.Stats().Files);
        (string Name, SoundFilter Filter)[] conditions =
        [
            ("folder", new() { Folders = ["0001"] }),
            ("name", new() { Names = ["*rain*"] }),
            ("length", new() { MinSeconds = 60, MaxSeconds = 80 }),
            ("sample rate", new() { SampleRatesHz = [96_000] }),
            ("channels", new() { Channels = [1] }),
            ("category", new() { Categories = ["thunder"] }),
            ("tag", new() { Tags = ["wind"] }),
            ("added", new() { AddedAfter = DateTime.UnixEpoch.AddMinutes(files / 2) }),
            ("least score", new() { MinScore = 0.1f }),
            ("rate, channels, length and tag", new() { SampleRatesHz = [96_000], Channels = [1], MinSeconds = 60, Tags = ["wind"] }),
        ];
        foreach (var (name, filter) in conditions)
        {
            var hits = index.SearchAsync(new LibraryIndexQuery
            {
                Vector = ServedCollection.Vector(new Random(1)), Filter = filter, Top = files, WordWeight = 0,
            }).GetAwaiter().GetResult();
            yield return (FormattableString.Invariant($"{name}: {100.0 * hits.Count / files:F1} % of the files"), filter);
        }
    }

    static Action Searched(LocalAudioIndex index, ReadOnlyMemory<float> queries) =>
        () => index.SearchBatchAsync(queries).GetAwaiter().GetResult();

    static Action Filtered(LocalAudioIndex index, float[] queries, SoundFilter filter) =>
        () => SearchAsync(index, queries, filter).GetAwaiter().GetResult();

    static Task<LibraryHits> SearchAsync(LocalAudioIndex index, float[] queries, SoundFilter filter) =>
        index.SearchAsync(new LibraryIndexQuery
        {
            Vector = queries.AsMemory(0, ServedCollection.Dimension), Filter = filter, WordWeight = 0,
        });
}
