namespace NativeRetrieval.Audio.Decoding.Mp3;

/// <summary>
/// The frame of an encoder's notes that comes before the sound ("Xing" or "Info" of LAME and libavcodec, "VBRI" of Fraunhofer's).
/// </summary>
internal static class EncoderDelay
{
    /// <summary>Delay of a Layer III decoder in samples: analysis and synthesis of the hybrid filter bank.</summary>
    const int DecoderSamples = 529;

    const int VbriOffset = 36, DelayOffset = 21;

    /// <summary>
    /// True where a frame holds notes instead of sound; they give the samples of silence to skip before and behind the sound.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> frame, MpegHeader header, out int skipStart, out int skipEnd)
    {
        (skipStart, skipEnd) = (0, 0);
        if (header.Layer != NLayer.MpegLayer.LayerIII) return false;
        if (frame.Length >= VbriOffset + 4 && frame.Slice(VbriOffset, 4).SequenceEqual("VBRI"u8)) return true;
        int place = MpegHeader.SizeBytes + header.SideInformationBytes;
        if (frame.Length < place + 8) return false;
        var notes = frame[place..];
        if (!notes.StartsWith("Xing"u8) && !notes.StartsWith("Info"u8)) return false;

        // Frame count, byte count, table of contents and quality stand there or not, each as its flag says.
        int flags = notes[7];
        bool countsFrames = (flags & 1) != 0;
        int encoder = 8 + (countsFrames ? 4 : 0) + ((flags & 2) != 0 ? 4 : 0) + ((flags & 4) != 0 ? 100 : 0) + ((flags & 8) != 0 ? 4 : 0);
        if (!countsFrames || notes.Length < encoder + DelayOffset + 3 || notes[encoder] == 0) return true;
        var packed = notes.Slice(encoder + DelayOffset, 3);
        skipStart = (packed[0] << 4 | packed[1] >> 4) + DecoderSamples;
        skipEnd = Math.Max(0, ((packed[1] & 15) << 8 | packed[2]) - DecoderSamples);
        return true;
    }
}
