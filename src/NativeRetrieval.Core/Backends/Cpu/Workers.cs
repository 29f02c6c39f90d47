namespace NativeRetrieval.Core.Backends.Cpu;

/// <summary>
/// Fork and join over all cores. Work is cut into parts by its size alone, never by the number of threads, and each
/// part writes its own output or partial sum: results are bit-identical for any number of threads.
/// </summary>
internal static class Workers
{
    /// <summary>Threads that run parts, the caller included.</summary>
    public static int Count { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("NATIVERETRIEVAL_THREADS"), out int n) && n > 0 ? n : Environment.ProcessorCount;

    /// <summary>Runs <paramref name="body"/> for 0 … parts − 1 and returns when all are done. A nested call runs on its caller.</summary>
    public static void Run(int parts, Action<int> body)
    {
        if (parts <= 1 || Count == 1)
        {
            for (int part = 0; part < parts; part++) body(part);
            return;
        }
        Parallel.For(0, parts, new ParallelOptions { MaxDegreeOfParallelism = Count }, body);
    }
}
