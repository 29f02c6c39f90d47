using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Indexing.Tests;

/// <summary>The process that reads an index as another user: lists, searches and verifies it.</summary>
internal static class ReadHost
{
    public const string Argument = "read-host";

    public static async Task<int> Run(string folder)
    {
        try
        {
            using var index = LocalAudioIndex.Open(folder, IndexAccess.Read);
            var hits = await index.SearchAsync(Samples.Vector(1), new() { Top = 100, Grouping = HitGrouping.AllWindows });
            Console.Out.WriteLine($"{index.Files().Count} files, {hits.Count} hits, {(index.Verify().IsIntact ? "intact" : "damaged")}");
            return 0;
        }
        catch (IndexException error)
        {
            Console.Error.WriteLine(error.Message);
            return 1;
        }
    }
}
