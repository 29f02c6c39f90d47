using System.Security.Cryptography;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Indexing;

namespace NativeRetrieval.Engines.Tests;

/// <summary>Files, texts and vectors made from numbers.</summary>
internal static class Sounds
{
    public const int Dimension = 96;

    public const int TextWidth = 24;

    public static readonly string[] Nouns = ["door", "rain", "dog", "bell", "engine", "crowd", "river"];

    public static IndexSettings Settings { get; } = new()
    {
        ModelId = "tiny", ModelFingerprint = new string('a', 64), Dimension = Dimension, WindowSeconds = 10, HopSeconds = 5,
    };

    public static IndexSettings BFloat16Settings { get; } = Settings with { Element = DType.BFloat16 };

    /// <summary>A file of 1 to 5 windows; every 13th sounds exactly like the one before, so that scores are equal.</summary>
    public static AudioIndexEntry Entry(int number, int version = 0)
    {
        string noun = Nouns[number % Nouns.Length], folder = number % 2 == 0 ? "Field" : "Foley";
        string path = $"/library/{folder}/{noun}_{number:000}.wav";
        int seed = number % 13 == 12 ? number - 1 : number, windows = 1 + seed % 5;
        return new AudioIndexEntry(new IndexedFile
        {
            Path = path, FullPath = path, ContentHash = Convert.ToHexStringLower(SHA256.HashData([(byte)number, (byte)version,
                (byte)(number >> 8)])), SizeBytes = 100 + number,
            ModifiedUtc = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddSeconds(number),
        }, [.. Enumerable.Range(0, windows).Select(i => new AudioWindow(5 * i, 5 * i + 10, Vector(1000 * seed + 100 * version + i)))])
        {
            Details = new SoundDetails
            {
                DurationSeconds = 5 + 5 * windows, SampleRateHz = number % 3 == 0 ? 48_000 : number % 3 == 1 ? 44_100 : null,
                Channels = 1 + number % 2, Category = number % 4 == 0 ? "DOORS-WOOD" : null, CatId = number % 4 == 0 ? "DOORWood" : null,
                Tags = number % 5 == 0 ? ["Lärm", "near"] : ["far"],
                Description = number % 11 == 0 ? "A wet kiosk; doors don't close \U0001F6AA" : number % 3 == 0
                    ? "barking at the रेल्वे station" : null,
                Title = number % 7 == 1 ? "HeavyRain_On-Window" : null, Library = "Field's \"own\" \\ library",
                AddedUtc = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddDays(number),
            },
        };
    }

    /// <summary>A vector that texts of the same words share a part of.</summary>
    public static float[] TextVector(string text)
    {
        float[] vector = new float[TextWidth];
        foreach (string word in text.Split([' ', ',', ';'], StringSplitOptions.RemoveEmptyEntries))
        {
            var random = new Random(word.Aggregate(17, (hash, letter) => unchecked(31 * hash + letter)));
            for (int i = 0; i < TextWidth; i++) vector[i] += (float)(random.NextDouble() * 2 - 1);
        }
        return vector;
    }

    /// <summary>A vector around a common direction, so that scores are near each other.</summary>
    public static float[] Vector(int seed)
    {
        var random = new Random(seed);
        float[] vector = new float[Dimension];
        for (int i = 0; i < Dimension; i++) vector[i] = (float)(random.NextDouble() * 2 - 1 + (i % 7 == 0 ? 0.8 : 0));
        return vector;
    }
}
