using NLayer;

namespace NativeRetrieval.Audio.Decoding.Mp3;

/// <summary>
/// One frame in the form that NLayer's decoder reads: the header's fields, and the bits behind the header and its checksum.
/// </summary>
internal sealed class MpegFrame : IMpegFrame
{
    const int CrcBytes = 2;

    byte[] _bytes = [];
    MpegHeader _header;
    int _bit;

    /// <summary>Makes this the frame in the first <see cref="MpegHeader.FrameBytes"/> of <paramref name="bytes"/>.</summary>
    public void Set(byte[] bytes, MpegHeader header)
    {
        (_bytes, _header) = (bytes, header);
        Reset();
    }

    public int SampleRate => _header.SampleRateHz;

    public int SampleRateIndex => _header.SampleRateIndex;

    public int FrameLength => _header.FrameBytes;

    public int BitRate => _header.BitRate;

    public MpegVersion Version => _header.Version;

    public MpegLayer Layer => _header.Layer;

    public MpegChannelMode ChannelMode => _header.ChannelMode;

    public int ChannelModeExtension => _header.ChannelModeExtension;

    public int SampleCount => _header.SamplesPerFrame;

    public int BitRateIndex => _header.BitRateIndex;

    public bool IsCopyrighted => _header.IsCopyrighted;

    public bool HasCrc => _header.HasCrc;

    public bool IsCorrupted => false;

    public void Reset() => _bit = 8 * (MpegHeader.SizeBytes + (_header.HasCrc ? CrcBytes : 0));

    /// <summary>The next bits, the first of them highest; −1 behind the frame's end.</summary>
    public int ReadBits(int bitCount)
    {
        if (_bit + bitCount > 8 * _header.FrameBytes) return -1;
        int value = 0;
        for (int left = bitCount; left > 0;)
        {
            int inByte = Math.Min(left, 8 - (_bit & 7));
            value = value << inByte | _bytes[_bit >> 3] >> (8 - (_bit & 7) - inByte) & ((1 << inByte) - 1);
            _bit += inByte;
            left -= inByte;
        }
        return value;
    }
}
