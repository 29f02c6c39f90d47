using System.Globalization;
using System.Text;
using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Indexing;

namespace NativeRetrieval.NAudio;

/// <summary>Excerpts of recordings as WAV files, with the recording's sample rate, channels and samples.</summary>
public static class AudioExcerpt
{
    const int BlockSamples = 1 << 16;

    /// <summary>Bytes of a recording's name in an excerpt's: with rank, score, time and a temporary suffix it stays below 255.</summary>
    const int MaximumStemBytes = 120;

    /// <summary>Milliseconds that a window may reach beyond its recording: its times were rounded at the model's sample rate.</summary>
    const int RoundingMilliseconds = 1;

    /// <summary>
    /// Writes the frames round(start · rate) to round(end · rate) of a recording. Nothing is resampled, mixed or rounded: the file is
    /// 16-bit
    /// PCM where every sample fits that exactly, else 24-bit PCM where every one does, else float32. It is there whole or not at all, and
    /// replaces a file of its name.
    /// </summary>
    /// <param name="source">A file that <see cref="AudioDecoder"/> opens; it is decoded from its beginning.</param>
    /// <param name="startSeconds">Start of the stretch, 0 or more.</param>
    /// <param name="endSeconds">End of the stretch, more than the start; up to a millisecond behind the recording's end is its end.</param>
    /// <param name="target">Path of the WAV file; its folder exists.</param>
    /// <exception cref="AudioDecodeException">The recording cannot be decoded, or ends before the stretch does.</exception>
    /// <exception cref="OptionException">The stretch is empty, or too long to be held in memory.</exception>
    /// <exception cref="FileWriteException">The disk refused.</exception>
    public static void Write(string source, double startSeconds, double endSeconds, string target, CancellationToken cancellation = default)
    {
        using var stream = AudioDecoder.Open(source);
        float[] samples = ReadStretch(stream, source, startSeconds, endSeconds, cancellation);
        DurableFile.WriteAtomic(target, file => ExcerptWriter.Write(file, samples, stream.SampleRateHz, stream.Channels));
    }

    /// <summary>The bytes of such a WAV file, without a file.</summary>
    /// <param name="target">An empty stream that can seek; it stays open.</param>
    /// <inheritdoc cref="Write(string, double, double, string, CancellationToken)"/>
    public static void Write(string source, double startSeconds, double endSeconds, Stream target, CancellationToken cancellation = default)
    {
        using var stream = AudioDecoder.Open(source);
        float[] samples = ReadStretch(stream, source, startSeconds, endSeconds, cancellation);
        ExcerptWriter.Write(target, samples, stream.SampleRateHz, stream.Channels);
    }

    /// <summary>
    /// The name of a hit's excerpt: rank, score, name of the recording and start, such as <c>01-0.899-rain-0m12.5s.wav</c>. Everything in
    /// the recording's name but letters, digits and <c>-_.,+()</c> becomes <c>_</c>, and a long name is cut, so that the file can be kept
    /// anywhere.
    /// </summary>
    /// <param name="hits">Number of hits that are written; ranks have at least as many digits.</param>
    public static string FileName(SearchHit hit, int hits) =>
        Invariant($"{Digits(hit.Rank, hits)}-{hit.Score:F3}-{Stem(hit.Path)}-{Time(hit.StartSeconds)}.wav");

    /// <summary>The name of the excerpt of a stretch that has no score, such as <c>01-rain-0m12.5s.wav</c>.</summary>
    /// <param name="place">Place of the stretch among all, from 1.</param>
    /// <param name="count">Number of stretches that are written.</param>
    /// <inheritdoc cref="FileName(SearchHit, int)"/>
    public static string FileName(int place, int count, string path, double startSeconds) =>
        $"{Digits(place, count)}-{Stem(path)}-{Time(startSeconds)}.wav";

    static string Digits(int place, int count)
    {
        int digits = Math.Max(2, count.ToString(CultureInfo.InvariantCulture).Length);
        return place.ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0');
    }

    static string Time(double seconds)
    {
        long tenths = (long)Math.Floor(seconds * 10);
        long minutes = tenths / 600;
        string hours = Invariant($"{(minutes < 60 ? $"{minutes}" : $"{minutes / 60}h{minutes % 60:00}")}");
        return Invariant($"{hours}m{tenths / 10 % 60:00}.{tenths % 10}s");
    }

    static float[] ReadStretch(IAudioStream stream, string source, double startSeconds, double endSeconds, CancellationToken cancellation)
    {
        if (!(startSeconds >= 0 && endSeconds > startSeconds && double.IsFinite(endSeconds)))
            throw new OptionException(
                Invariant($"an excerpt from {startSeconds} to {endSeconds} s is not possible; expected 0 <= start < end"));
        int channels = stream.Channels;
        double first = Math.Round(startSeconds * stream.SampleRateHz), frames = Math.Round(endSeconds * stream.SampleRateHz) - first;
        if (frames < 1 || frames * channels > Array.MaxLength)
            throw new OptionException(Invariant($"{source}: an excerpt from {startSeconds} to {endSeconds} s has {frames:N0} frames of ")
                + Invariant($"{channels} channels; expected 1 frame to {Array.MaxLength:N0} samples"));
        var block = new float[Math.Max(BlockSamples / channels, 1) * channels];
        long position = 0;
        for (int read = 1; position < first && read > 0; position += read)
        {
            cancellation.ThrowIfCancellationRequested();
            read = stream.Read(block.AsSpan(0, (int)Math.Min(block.Length / channels, first - position) * channels));
        }
        var samples = new float[(int)frames * channels];
        int count = 0;
        for (int read = 1; count < samples.Length && read > 0; count += read * channels)
        {
            cancellation.ThrowIfCancellationRequested();
            read = stream.Read(samples.AsSpan(count));
        }
        long missing = (samples.Length - count) / channels;
        if (count == 0 || missing * 1000L > (long)RoundingMilliseconds * stream.SampleRateHz)
            throw new AudioDecodeException(source,
                Invariant($"ends at {(double)(position + count / channels) / stream.SampleRateHz:F3} s, before the stretch from ")
                + Invariant($"{startSeconds:F3} to {endSeconds:F3} s does; index it again where it has changed"));
        return missing == 0 ? samples : samples[..count];
    }

    static string Stem(string path)
    {
        var stem = new StringBuilder();
        int bytes = 0;
        foreach (var rune in Path.GetFileNameWithoutExtension(path).EnumerateRunes())
        {
            bool isMark = Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;
            bool isKept = Rune.IsLetterOrDigit(rune) || isMark || rune is { IsAscii: true } && "-_.,+()".Contains((char)rune.Value);
            var safe = isKept && rune != Rune.ReplacementChar ? rune : new Rune('_');
            bytes += safe.Utf8SequenceLength;
            if (bytes > MaximumStemBytes) break;
            stem.Append(safe);
        }
        return stem.Length > 0 ? stem.ToString() : "_";
    }

    static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
