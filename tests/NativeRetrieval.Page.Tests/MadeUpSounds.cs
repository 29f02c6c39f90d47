using System.Globalization;
using Microsoft.AspNetCore.Http;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Page.Tests;

/// <summary>A library of made-up recordings: names, folders, hits and tones.</summary>
internal sealed class MadeUpSounds
{
    const int RateHz = 8000;

    static readonly string[] _kinds = ["Rain", "Metal", "Wind", "Birds"];

    /// <summary>Two by two pixels: black and white above two greys.</summary>
    public static byte[] GreyPng { get; } = Convert.FromBase64String(
        "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAAAAABX3VL4AAAADklEQVR4nGNg+M8QugoABVYB/4Hnwu8AAAAASUVORK5CYII=");

    /// <summary>Number of recordings that every search finds.</summary>
    public int Count { get; set; } = 87;

    /// <summary>True where answers say how many hits there are.</summary>
    public bool SaysTotal { get; set; } = true;

    /// <summary>True where the page may have the index brought up to date.</summary>
    public bool CanUpdate { get; set; }

    /// <summary>Sentences of the query bank; 0: there is none.</summary>
    public int BankSentences { get; set; }

    public object Indexes => new
    {
        can_update = CanUpdate,
        query_bank_sentences = BankSentences,
        indexes = new[]
        {
            new
            {
                name = "sounds", files = Count, windows = 3 * Count, seconds = 12.5 * Count, model = "made-up",
                categories = _kinds.Select(kind => new { name = kind, files = Count / 4 }), tags = new[] { "wet", "dry" },
                folders = _kinds.Select(kind => $"/library/{kind}"),
            },
        },
    };

    public static string NameOf(int recording) => $"{_kinds[recording % 4]}-{recording + 1:D5}.wav";

    static double DurationOf(int recording) => 4 + recording % 5;

    static int Recording(string id) => int.Parse(id[1..], CultureInfo.InvariantCulture);

    public object File(string id) => new
    {
        id, name = NameOf(Recording(id)), folder = $"/library/{_kinds[Recording(id) % 4]}", duration_seconds = DurationOf(Recording(id)),
    };

    /// <summary>The answer of a search.</summary>
    /// <param name="file">Id of the one recording to look in: three hits, last first; null: any.</param>
    /// <param name="name">Filter of names; <c>nothing</c> lets none pass.</param>
    public object Hits(int top, int skip, string? file, string? name, string text)
    {
        int all = name == "nothing" ? 0 : file is null ? Count : 3;
        var hits = Enumerable.Range(skip, Math.Max(0, Math.Min(top, all - skip)))
            .Select(at => file is null ? Hit(at, at, 1, 2) : Hit(at, Recording(file), 2 - at, 2.5 - at)).ToArray();
        string[] unknown = text == "xyzzy" ? [text] : [];
        return SaysTotal
            ? new { schema_version = 1, took_ms = 7.1, total = all, hits, unknown_sentences = unknown }
            : new { schema_version = 1, took_ms = 7.1, hits, unknown_sentences = unknown };
    }

    static object Hit(int at, int recording, double start, double end) => new
    {
        rank = at + 1, id = $"s{recording}", index = "sounds", name = NameOf(recording), folder = $"/library/{_kinds[recording % 4]}",
        path = $"/library/{_kinds[recording % 4]}/{NameOf(recording)}", start_seconds = start, end_seconds = end,
        score = 0.9 - at * 1e-6, percentile = 99.95, sound_rank = at + 1, word_rank = recording % 4 == 0 ? at / 4 + 1 : (int?)null,
        meaning_rank = recording % 4 == 0 ? at / 4 + 1 : (int?)null, words = recording % 4 == 0 ? new[] { "rain" } : [],
        stretches = new[] { new { start_seconds = start, end_seconds = end, score = 0.9 } },
        duration_seconds = DurationOf(recording), sample_rate_hz = RateHz, channels = 1, category = (string?)null,
        tags = Array.Empty<string>(), description = $"recording {recording + 1} of the library", added = "2026-01-01T00:00:00Z",
    };

    public static object Peaks() => new
    {
        points = Enumerable.Range(0, 100).Select(at => new[] { -at / 100.0, at / 100.0 }), start_seconds = 0, end_seconds = 1,
    };

    /// <summary>A tone of the recording's length, or of the stretch that is asked for.</summary>
    public IResult Wav(string id, IQueryCollection query)
    {
        double start = Seconds(query, "start_seconds", 0), end = Seconds(query, "end_seconds", DurationOf(Recording(id)));
        var samples = new short[(int)((end - start) * RateHz)];
        for (int i = 0; i < samples.Length; i++) samples[i] = (short)(9000 * Math.Sin(0.3 * i));
        return Results.Bytes(WavFile.Of(samples, RateHz), "audio/wav", enableRangeProcessing: true);
    }

    static double Seconds(IQueryCollection query, string name, double otherwise) =>
        query[name].ToString() is { Length: > 0 } text ? double.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
