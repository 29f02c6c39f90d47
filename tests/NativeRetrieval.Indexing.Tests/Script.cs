namespace NativeRetrieval.Indexing.Tests;

/// <summary>A fixed sequence of changes to an index and what each leaves behind.</summary>
internal static class Script
{
    /// <summary>Carries out step <paramref name="number"/>. Doing a step twice leaves what doing it once leaves.</summary>
    public static Task Do(LocalAudioIndex index, int number) => (number % 8) switch
    {
        3 => index.UpsertAsync(Entry(number - 2, version: 1)),
        5 => index.DeleteAsync([Samples.PathOf(number - 3)]),
        6 => index.UpsertAsync([Entry(number), Entry(number + 1_000), Entry(number + 2_000)]),
        7 => index.CompactAsync(),
        _ => index.UpsertAsync(Entry(number)),
    };

    /// <summary>The versions of the files that are there after the first <paramref name="steps"/> steps.</summary>
    public static SortedDictionary<int, int> After(int steps)
    {
        var files = new SortedDictionary<int, int>();
        for (int number = 0; number < steps; number++)
            switch (number % 8)
            {
                case 3: files[number - 2] = 1; break;
                case 5: files.Remove(number - 3); break;
                case 6: files[number] = files[number + 1_000] = files[number + 2_000] = 0; break;
                case 7: break;
                default: files[number] = 0; break;
            }
        return files;
    }

    /// <summary>True if the index holds exactly these files with exactly their windows.</summary>
    public static async Task<bool> Holds(LocalAudioIndex index, SortedDictionary<int, int> expected)
    {
        var hashes = expected.ToDictionary(file => Samples.Hash(file.Key, file.Value), file => Entry(file.Key, file.Value));
        var files = index.Files();
        if (files.Count != hashes.Count) return false;
        foreach (var file in files)
        {
            if (!hashes.TryGetValue(file.ContentHash, out var entry) || file != entry.File) return false;
            var windows = (await index.GetAsync(file.FullPath))!.Windows;
            if (windows.Count != entry.Windows.Count) return false;
            for (int i = 0; i < windows.Count; i++)
                if (Samples.Cosine(windows[i].Vector.Span, entry.Windows[i].Vector.Span) < 1 - 1e-6) return false;
        }
        return true;
    }

    /// <summary>The answers to a few queries, in the form that does not depend on where rows lie.</summary>
    public static async Task<string> Answers(LocalAudioIndex index)
    {
        var hits = new List<SearchHit>();
        for (int seed = 0; seed < 3; seed++)
            hits.AddRange(await index.SearchAsync(Samples.Vector(seed), new() { Top = 10_000, Grouping = HitGrouping.AllWindows }));
        return string.Join("\n", hits.Select(hit => hit with { RowId = 0 }));
    }

    public static AudioIndexEntry Entry(int number, int version = 0) => Samples.Entry(number, windows: 1 + number % 3, version);
}
