using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Audio.Features;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Features;

namespace NativeRetrieval.Server.Sounds;

/// <summary>A log-mel spectrogram for the eye: grey levels, time to the right, the lowest mel filter at the bottom.</summary>
internal static class Spectrogram
{
    /// <summary>Decibels from black to white; white is the loudest cell, or <see cref="QuietestWhiteDb"/> where all is quieter.</summary>
    const float RangeDb = 80, QuietestWhiteDb = -40;

    /// <summary>Frames that are transformed at once, 30 s at a hop of 10 ms: memory is bounded however long the stretch is.</summary>
    const int PieceFrames = 3000;

    /// <summary>The image of a stretch, each column the loudest of its frames.</summary>
    /// <param name="reader">A sound at its beginning, at the settings' rate.</param>
    /// <param name="name">Name of the sound in messages.</param>
    /// <param name="width">Most columns; a stretch of fewer frames has a column for each.</param>
    /// <returns>A PNG file, width × mel filters, one byte a cell.</returns>
    /// <exception cref="AudioDecodeException">The sound is damaged, or ends before the stretch begins.</exception>
    public static byte[] Png(MonoReader reader, string name, LogMelSettings settings, double startSeconds, double endSeconds, int width,
        CancellationToken cancellation)
    {
        StretchReader.Skip(reader, name, startSeconds);
        long frames = Math.Max(1, (long)Math.Ceiling((endSeconds - startSeconds) * settings.SampleRateHz / settings.HopSamples));
        width = (int)Math.Min(width, frames);
        var cells = new float[width * settings.MelBins];
        Array.Fill(cells, float.NegativeInfinity);
        var extractor = new FeatureExtractor(new FeatureSettings { LogMel = settings, MinimumSamples = settings.MinimumSamples });
        var piece = new float[PieceFrames * settings.HopSamples];
        for (long first = 0; first < frames; first += PieceFrames)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = reader.Read(piece);
            if (count == 0) break;
            var clip = extractor.Extract(piece.AsSpan(0, count));
            int own = (int)Math.Min((count + settings.HopSamples - 1) / settings.HopSamples, frames - first);
            for (int frame = 0; frame < Math.Min(own, clip.Frames); frame++)
                Raise(cells.AsSpan((int)((first + frame) * width / frames) * settings.MelBins, settings.MelBins),
                    clip.Values.AsSpan(frame * settings.MelBins, settings.MelBins));
        }
        return GreyPng.Of(Levels(cells, width, settings.MelBins), width, settings.MelBins);
    }

    static void Raise(Span<float> column, ReadOnlySpan<float> frame)
    {
        for (int i = 0; i < column.Length; i++) column[i] = Math.Max(column[i], frame[i]);
    }

    /// <summary>[height, width] bytes from [width, height] decibels, the last filter in the first row.</summary>
    static byte[] Levels(float[] cells, int width, int height)
    {
        float white = QuietestWhiteDb;
        foreach (float cell in cells) white = Math.Max(white, cell);
        var levels = new byte[cells.Length];
        for (int x = 0; x < width; x++)
            for (int y = 0; y < height; y++)
                levels[(height - 1 - y) * width + x] =
                    (byte)Math.Round(255 * Math.Clamp((cells[x * height + y] - white + RangeDb) / RangeDb, 0, 1));
        return levels;
    }
}
