using System.Buffers.Binary;

namespace NativeRetrieval.Audio.Decoding.Mp3;

/// <summary>An encoder's notes in the frame before its sound ("Xing" or "Info" of LAME and libavcodec, "VBRI" of Fraunhofer's).</summary>
/// <param name="Frames">Frames that follow, as the encoder counted them; 0: it does not say.</param>
/// <param name="SkipStart">Samples of silence before the sound, the encoder's and the decoder's delay; 0: it does not say.</param>
/// <param name="SkipEnd">Samples of silence behind the sound, likewise.</param>
internal readonly record struct EncoderNotes(long Frames, int SkipStart, int SkipEnd)
{
    /// <summary>Delay of a Layer III decoder in samples: analysis and synthesis of the hybrid filter bank.</summary>
    const int DecoderSamples = 529;

    const int VbriOffset = 36, VbriFramesOffset = 14, DelayOffset = 21;

    /// <summary>True where a frame holds notes instead of sound.</summary>
    public static bool TryRead(ReadOnlySpan<byte> frame, MpegHeader header, out EncoderNotes notes)
    {
        notes = default;
        if (header.Layer != NLayer.MpegLayer.LayerIII) return false;
        if (frame.Length >= VbriOffset + VbriFramesOffset + 4 && frame.Slice(VbriOffset, 4).SequenceEqual("VBRI"u8))
        {
            notes = new(BinaryPrimitives.ReadUInt32BigEndian(frame[(VbriOffset + VbriFramesOffset)..]), 0, 0);
            return true;
        }
        int place = MpegHeader.SizeBytes + header.SideInformationBytes;
        if (!IsXing(frame, place)) place += MpegFrame.CrcBytes;         // some encoders leave room for a checksum, some do not
        if (!IsXing(frame, place)) return false;

        // Frame count, byte count, table of contents and quality stand there or not, each as its flag says.
        var bytes = frame[place..];
        int flags = bytes[7];
        bool countsFrames = (flags & 1) != 0;
        int encoder = 8 + (countsFrames ? 4 : 0) + ((flags & 2) != 0 ? 4 : 0) + ((flags & 4) != 0 ? 100 : 0) + ((flags & 8) != 0 ? 4 : 0);
        if (!countsFrames || bytes.Length < encoder) return true;
        long frames = BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]);
        notes = new(frames, 0, 0);
        if (bytes.Length < encoder + DelayOffset + 3 || bytes[encoder] == 0) return true;
        var packed = bytes.Slice(encoder + DelayOffset, 3);
        int skipEnd = Math.Max(0, ((packed[1] & 15) << 8 | packed[2]) - DecoderSamples);
        notes = new(frames, (packed[0] << 4 | packed[1] >> 4) + DecoderSamples, skipEnd);
        return true;
    }

    static bool IsXing(ReadOnlySpan<byte> frame, int place) =>
        frame.Length >= place + 8 && (frame[place..].StartsWith("Xing"u8) || frame[place..].StartsWith("Info"u8));
}
