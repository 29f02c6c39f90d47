using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Indexing.Tests;

/// <summary>Files and vectors made from numbers.</summary>
internal static class Samples
{
    public const int Dimension = 20;

    public static IndexSettings Settings { get; } = new()
    {
        ModelId = "tiny",
        ModelFingerprint = new string('a', 64),
        Dimension = Dimension,
        WindowSeconds = 10,
        HopSeconds = 5,
    };

    public static IndexSettings BFloat16Settings { get; } = Settings with { Element = DType.BFloat16 };

    /// <summary>A file of <paramref name="windows"/> windows; another version has other content.</summary>
    public static AudioIndexEntry Entry(int number, int windows = 2, int version = 0) => new(File(number, version),
        [.. Enumerable.Range(0, windows).Select(i => new AudioWindow(5 * i, 5 * i + 10, Vector(1000 * number + 100 * version + i)))]);

    public static IndexedFile File(int number, int version = 0) => new()
    {
        Path = $"sounds/{number % 3}/{number}.wav",
        FullPath = PathOf(number),
        ContentHash = Hash(number, version),
        SizeBytes = 100 + number,
        ModifiedUtc = new DateTime(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddSeconds(number + 1000 * version),
    };

    public static string PathOf(int number) => Path.GetFullPath($"/library/sounds/{number % 3}/{number}.wav");

    public static string Hash(int number, int version) => $"{number:x32}{version:x32}";

    public static float[] Vector(int seed, int dimension = Dimension)
    {
        var random = new Random(seed);
        float[] vector = new float[dimension];
        for (int i = 0; i < dimension; i++) vector[i] = (float)(random.NextDouble() * 2 - 1);
        return vector;
    }

    public static double Cosine(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double dot = 0, aa = 0, bb = 0;
        for (int i = 0; i < a.Length; i++)
        {
            dot += (double)a[i] * b[i];
            aa += (double)a[i] * a[i];
            bb += (double)b[i] * b[i];
        }
        return dot / Math.Sqrt(aa * bb);
    }
}
