namespace NativeRetrieval.Audio.Decoding.Mp3;

/// <summary>Frames of one form that follow each other: an MP3 file has one part, or several where files were joined.</summary>
/// <param name="First">The header that all frames are like.</param>
/// <param name="Ranges">Bytes [start, end) of whole frames; between two ranges lies what is no frame.</param>
/// <param name="Frames">Frames in all ranges.</param>
/// <param name="SkipStart">Samples before the sound begins: the encoder's and the decoder's delay, where the encoder says its own.</param>
/// <param name="SkipEnd">Samples behind the sound's end, likewise.</param>
internal sealed record Mp3Part(MpegHeader First, IReadOnlyList<(long Start, long End)> Ranges, long Frames, int SkipStart, int SkipEnd)
{
    /// <summary>Samples of one channel, without the skipped ones.</summary>
    public long Samples => Math.Max(0, Frames * First.SamplesPerFrame - SkipStart - SkipEnd);
}
