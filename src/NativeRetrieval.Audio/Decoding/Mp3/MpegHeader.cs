using System.Buffers.Binary;
using NLayer;

namespace NativeRetrieval.Audio.Decoding.Mp3;

/// <summary>
/// The four bytes in front of an MPEG audio frame (ISO/IEC 11172-3, 2.4.2.3 and 13818-3): format, length and form of what follows.
/// </summary>
internal readonly struct MpegHeader
{
    public const int SizeBytes = 4;

    /// <summary>Kilobits per second by row of <see cref="RateRow"/> and bit-rate index; 0: free format, −1: forbidden.</summary>
    static readonly int[][] _kilobits =
    [
        [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448, -1],
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, -1],
        [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, -1],
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256, -1],
        [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, -1],
    ];

    static readonly int[] _ratesHz = [44100, 48000, 32000];

    readonly uint _bits;

    MpegHeader(uint bits) => _bits = bits;

    public MpegVersion Version => (_bits >> 19 & 3) switch
    {
        0 => MpegVersion.Version25,
        2 => MpegVersion.Version2,
        3 => MpegVersion.Version1,
        _ => MpegVersion.Unknown,
    };

    public MpegLayer Layer => (_bits >> 17 & 3) switch
    {
        1 => MpegLayer.LayerIII,
        2 => MpegLayer.LayerII,
        3 => MpegLayer.LayerI,
        _ => MpegLayer.Unknown,
    };

    public bool HasCrc => (_bits >> 16 & 1) == 0;

    public int BitRateIndex => (int)(_bits >> 12 & 15);

    public int SampleRateIndex => (int)(_bits >> 10 & 3);

    public MpegChannelMode ChannelMode => (MpegChannelMode)(_bits >> 6 & 3);

    public int ChannelModeExtension => (int)(_bits >> 4 & 3);

    public bool IsCopyrighted => (_bits >> 3 & 1) == 1;

    public int Channels => ChannelMode == MpegChannelMode.Mono ? 1 : 2;

    public int SampleRateHz => _ratesHz[SampleRateIndex] / (Version == MpegVersion.Version1 ? 1 : Version == MpegVersion.Version2 ? 2 : 4);

    /// <summary>Samples of one channel in a frame: 384, 576 or 1,152.</summary>
    public int SamplesPerFrame =>
        Layer == MpegLayer.LayerI ? 384 : Layer == MpegLayer.LayerIII && Version != MpegVersion.Version1 ? 576 : 1152;

    public int BitRate => 1000 * _kilobits[RateRow][BitRateIndex];

    /// <summary>Bytes of the frame with its header.</summary>
    public int FrameBytes
    {
        get
        {
            int padding = (int)(_bits >> 9 & 1);
            return Layer == MpegLayer.LayerI
                ? (12 * BitRate / SampleRateHz + padding) * 4
                : SamplesPerFrame / 8 * BitRate / SampleRateHz + padding;
        }
    }

    /// <summary>Bytes between the header and the main data of a Layer III frame.</summary>
    public int SideInformationBytes => (Version, Channels) switch
    {
        (MpegVersion.Version1, 1) => 17,
        (MpegVersion.Version1, _) => 32,
        (_, 1) => 9,
        _ => 17,
    };

    int RateRow => (Version, Layer) switch
    {
        (MpegVersion.Version1, MpegLayer.LayerI) => 0,
        (MpegVersion.Version1, MpegLayer.LayerII) => 1,
        (MpegVersion.Version1, _) => 2,
        (_, MpegLayer.LayerI) => 3,
        _ => 4,
    };

    /// <summary>True where four bytes are the header of a frame whose length is known; free-format frames are not.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out MpegHeader header)
    {
        header = default;
        if (bytes.Length < SizeBytes || bytes[0] != 0xFF || (bytes[1] & 0xE0) != 0xE0) return false;
        var found = new MpegHeader(BinaryPrimitives.ReadUInt32BigEndian(bytes));
        if (found.Version == MpegVersion.Unknown || found.Layer == MpegLayer.Unknown || found.SampleRateIndex == 3) return false;
        if (_kilobits[found.RateRow][found.BitRateIndex] <= 0 || (bytes[3] & 3) == 2) return false;
        header = found;
        return true;
    }

    /// <summary>True where both can be frames of one stream: version, layer, sample rate and number of channels are the same.</summary>
    public bool IsLike(MpegHeader other) =>
        Version == other.Version && Layer == other.Layer && SampleRateIndex == other.SampleRateIndex && Channels == other.Channels;
}
