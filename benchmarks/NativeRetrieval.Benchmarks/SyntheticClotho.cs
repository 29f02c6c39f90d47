using System.Globalization;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Demo;
using NativeRetrieval.Evaluation.Data;

namespace NativeRetrieval.Benchmarks;

/// <summary>
/// A collection of Clotho's size and shape: its captions with made-up sounds of its lengths (15 to 30 s, 44.1 kHz, mono, 16 bit), to run
/// everything at the report's scale without the recordings. A clip sounds of what its captions name, where the demo has such a sound.
/// </summary>
internal static class SyntheticClotho
{
    public const string Name = "synthetic-clotho";

    public const string Usage =
        $"       {Name} --captions DIR --to DIR [--clips N | --clips TRAIN,VAL,TEST]   Clotho's captions with made-up sounds";

    const int SampleRateHz = 44100;
    const double ShortestSeconds = 15, LongestSeconds = 30;

    static readonly string[] _splits = ["train", "val", "test"];

    public static int Run(string[] args)
    {
        string? captions = null, to = null, clips = null;
        for (int i = 0; i + 1 < args.Length; i += 2)
            switch (args[i])
            {
                case "--captions": captions = args[i + 1]; break;
                case "--to": to = args[i + 1]; break;
                case "--clips": clips = args[i + 1]; break;
                default: to = null; i = args.Length; break;
            }
        int[]? limits = Limits(clips);
        if (captions is null || to is null || limits is null || args.Length % 2 != 0)
        {
            Console.Error.WriteLine($"usage:\n{Usage}");
            return 2;
        }
        try
        {
            for (int split = 0; split < _splits.Length; split++)
                if (limits[split] > 0)
                    Make(Path.Combine(captions, _splits[split] + ".csv"), to, _splits[split], limits[split], (ulong)split);
            return 0;
        }
        catch (NativeRetrievalException error)
        {
            Console.Error.WriteLine($"error: {error.Message}");
            return 1;
        }
    }

    /// <summary>Most clips of each split; null where the text is no such list.</summary>
    static int[]? Limits(string? text)
    {
        int[] numbers = [.. (text ?? int.MaxValue.ToString(CultureInfo.InvariantCulture)).Split(',')
            .Select(part => int.TryParse(part, CultureInfo.InvariantCulture, out int number) && number >= 0 ? number : -1)];
        return numbers.Contains(-1) ? null : numbers.Length switch { 1 => [numbers[0], numbers[0], numbers[0]], 3 => numbers, _ => null };
    }

    static void Make(string csv, string folder, string split, int limit, ulong seed)
    {
        string audio = Path.Combine(folder, split);
        Directory.CreateDirectory(audio);
        var clips = CaptionCsv.ReadCaptions(csv, audio).Clips.Take(limit).ToList();
        int done = 0;
        long bytes = 0;
        Parallel.For(0, clips.Count, i =>
        {
            var random = new PhiloxSequence(new Philox(seed, (ulong)i));
            int length = (int)((ShortestSeconds + (LongestSeconds - ShortestSeconds) * random.NextUniform()) * SampleRateHz);
            byte[] wav = Wav16.Encode(SceneSound.Render(Kinds(clips[i], i), length, random), SampleRateHz);
            File.WriteAllBytes(clips[i].AudioPath, wav);
            Interlocked.Add(ref bytes, wav.Length);
            int count = Interlocked.Increment(ref done);
            if (count % 100 == 0) Console.Error.WriteLine($"{split}: {count:N0} of {clips.Count:N0} clips");
        });
        CaptionCsv.Write(Path.Combine(folder, split + ".csv"), clips);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{split}: {clips.Count:N0} clips, {bytes / 1e9:F2} GB"));
    }

    /// <summary>The kinds whose names stand in a clip's captions; without any, one by the clip's number.</summary>
    static IReadOnlyList<SoundKind> Kinds(Clip clip, int index)
    {
        string text = string.Join(' ', clip.Captions).ToLowerInvariant();
        SoundKind[] named = [.. SoundKind.All.Where(kind =>
            kind.Phrases.Any(phrase => text.Contains(phrase.Subject.Split(' ')[^1], StringComparison.Ordinal)))];
        return named.Length > 0 ? named : [SoundKind.All[index % SoundKind.All.Count]];
    }
}
