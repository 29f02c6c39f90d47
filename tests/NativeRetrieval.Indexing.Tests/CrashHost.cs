using NativeRetrieval.Indexing.Storage.Segments;

namespace NativeRetrieval.Indexing.Tests;

/// <summary>
/// The process that the crash tests kill: carries out the script and prints the number of each step that was acknowledged.
/// </summary>
internal static class CrashHost
{
    public const string Argument = "crash-host";

    /// <summary>Printed before the index is touched.</summary>
    public const string Ready = "ready";

    public static int Run(string folder, int first, int last)
    {
        Console.Out.WriteLine(Ready);
        using var index = LocalAudioIndex.Create(folder, Samples.Settings, orOpen: true, DiskIo.Shared, maxSegmentRows: 16);
        for (int number = first; number < last; number++)
        {
            Script.Do(index, number).GetAwaiter().GetResult();
            Console.Out.WriteLine(number);
        }
        return 0;
    }
}
