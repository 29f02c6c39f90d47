using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Server.Sounds;

/// <summary>A waveform for the eye: the least and the greatest sample of each piece of a stretch.</summary>
internal static class Peaks
{
    const int BlockSamples = 1 << 15;

    /// <summary>The pieces of a stretch; where it has fewer frames than pieces, each frame is one.</summary>
    /// <param name="stream">A sound at its beginning.</param>
    /// <param name="name">Name of the sound in messages.</param>
    /// <param name="points">Pieces, 1 or more.</param>
    /// <returns>[pieces, 2]: least and greatest sample of all channels, full scale ±1; fewer pieces where the sound ends before.</returns>
    /// <exception cref="AudioDecodeException">The sound is damaged, or ends before the stretch begins.</exception>
    public static IReadOnlyList<float[]> Of(IAudioStream stream, string name, double startSeconds, double endSeconds, int points,
        CancellationToken cancellation)
    {
        long first = (long)Math.Round(startSeconds * stream.SampleRateHz);
        long frames = Math.Max(1, (long)Math.Round(endSeconds * stream.SampleRateHz) - first);
        var pieces = new List<float[]>();
        var block = new float[Math.Max(1, BlockSamples / stream.Channels) * stream.Channels];
        long position = 0;
        points = (int)Math.Min(points, frames);
        for (int read; position < first + frames && (read = stream.Read(block)) > 0; position += read)
        {
            cancellation.ThrowIfCancellationRequested();
            int from = (int)Math.Clamp(first - position, 0, read), to = (int)Math.Min(read, first + frames - position);
            for (int frame = from; frame < to; frame++)
            {
                int piece = (int)((position + frame - first) * points / frames);
                if (piece == pieces.Count) pieces.Add([float.PositiveInfinity, float.NegativeInfinity]);
                foreach (float sample in block.AsSpan(frame * stream.Channels, stream.Channels))
                {
                    pieces[piece][0] = Math.Min(pieces[piece][0], sample);
                    pieces[piece][1] = Math.Max(pieces[piece][1], sample);
                }
            }
        }
        return pieces.Count > 0 ? pieces : throw new AudioDecodeException(name, FormattableString.Invariant(
            $"ends at {(double)position / stream.SampleRateHz:F3} s, before the start asked for, {startSeconds:F3} s"));
    }
}
