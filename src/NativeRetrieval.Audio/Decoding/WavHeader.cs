using System.Buffers.Binary;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Audio.Decoding;

/// <summary>
/// The parts of a WAV header that matter for reading samples: the <c>fmt </c> chunk, the place of the <c>data</c> chunk and,
/// in RF64 and BW64 files, the <c>ds64</c> chunk (EBU Tech 3306). Other chunks are stepped over, odd sizes with their pad byte.
/// </summary>
/// <param name="Encoding">Null where the samples are not linear PCM or float (ADPCM, A-law, …).</param>
/// <param name="DataBytes">
/// Length of the audio, whole frames only. The bytes present count: a data chunk that claims more than the file holds (an interrupted copy,
/// a recorder that never wrote the final size, a size of 0xFFFFFFFF from a pipe) is read to the end of the file.
/// </param>
/// <param name="Defect">
/// A sentence about a data chunk that is shorter than it claims or ends inside a frame; null where it is whole.
/// </param>
internal sealed record WavHeader(int SampleRateHz, int Channels, int FrameBytes, WavEncoding? Encoding, long DataOffset, long DataBytes,
    string? Defect = null)
{
    const int ChunkHeaderBytes = 8, RiffHeaderBytes = 12, MinimumFormatBytes = 16, ExtensibleFormatBytes = 40, Ds64Bytes = 16;
    const int MaximumChunks = 10_000;       // far beyond real files; keeps a file of empty chunks from being walked for minutes
    const uint UnknownSize = uint.MaxValue;
    const ushort PcmTag = 1, FloatTag = 3, ExtensibleTag = 0xFFFE;

    /// <summary>The last 14 bytes of every sub-format GUID that carries a plain format tag in its first two.</summary>
    static ReadOnlySpan<byte> SubFormatTail => [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71];

    public static bool IsWav(ReadOnlySpan<byte> magic) =>
        magic.Length >= RiffHeaderBytes && magic[8..12].SequenceEqual("WAVE"u8)
        && (magic.StartsWith("RIFF"u8) || magic.StartsWith("RF64"u8) || magic.StartsWith("BW64"u8));

    /// <summary>Parses the header of an open WAV file of at least twelve bytes.</summary>
    /// <exception cref="AudioDecodeException">Chunks are damaged or missing, or the format chunk contradicts itself.</exception>
    public static WavHeader Read(string path, Stream file)
    {
        long fileBytes = file.Length;
        Span<byte> buffer = stackalloc byte[ExtensibleFormatBytes];
        ReadAt(path, file, 0, buffer[..RiffHeaderBytes]);
        uint riffBytes = BinaryPrimitives.ReadUInt32LittleEndian(buffer[4..]);
        WavHeader? format = null;
        long longDataBytes = -1;

        long position = RiffHeaderBytes;
        for (int chunk = 0; position + ChunkHeaderBytes <= fileBytes; chunk++)
        {
            if (chunk == MaximumChunks) throw new AudioDecodeException(path, $"has more than {MaximumChunks:N0} chunks before its audio");
            ReadAt(path, file, position, buffer[..ChunkHeaderBytes]);
            uint sizeBytes = BinaryPrimitives.ReadUInt32LittleEndian(buffer[4..]);
            long body = position + ChunkHeaderBytes, available = fileBytes - body;

            if (buffer.StartsWith("data"u8))
            {
                if (format is null)
                    throw new AudioDecodeException(path,
                        $"has its data chunk (byte {position}) before any fmt chunk, so the samples' form is unknown");
                // Sizes of 0xFFFFFFFF, and of 0 in headers that were never finished, come from pipes and recorders: the sound goes to the
                // file's end.
                bool isLong = sizeBytes == UnknownSize && longDataBytes > 0;
                bool isUnknown = !isLong && (sizeBytes == 0
                    ? riffBytes + (long)ChunkHeaderBytes <= body || ContainerSize.IsUnknown(riffBytes)
                    : ContainerSize.IsUnknown(sizeBytes) && sizeBytes > available);
                long declared = isUnknown ? available : isLong ? longDataBytes : sizeBytes;
                long bytes = Math.Min(declared, available), whole = bytes - bytes % format.FrameBytes;
                string? defect = isUnknown ? null
                    : DefectOf(declared, bytes, whole) ?? DefectBehind(path, file, body + declared + (declared & 1));
                return format with { DataOffset = body, DataBytes = whole, Defect = defect };
            }
            if (sizeBytes > available)
                throw new AudioDecodeException(path, $"is damaged: chunk '{Printable(buffer[..4])}' at byte {position} claims "
                    + $"{sizeBytes:N0} bytes, the file ends after {available:N0}");
            if (buffer.StartsWith("fmt "u8))
            {
                if (sizeBytes < MinimumFormatBytes)
                    throw new AudioDecodeException(path, $"has a fmt chunk of {sizeBytes} bytes; expected at least {MinimumFormatBytes}");
                Span<byte> fields = buffer[..(int)Math.Min(sizeBytes, ExtensibleFormatBytes)];
                ReadAt(path, file, body, fields);
                format = ParseFormat(path, fields);
            }
            else if (buffer.StartsWith("ds64"u8) && sizeBytes >= Ds64Bytes)
            {
                ReadAt(path, file, body, buffer[..Ds64Bytes]);
                longDataBytes = (long)Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(buffer[8..]), long.MaxValue);
            }
            position = body + sizeBytes + (sizeBytes & 1);
        }
        throw new AudioDecodeException(path,
            format is null
                ? "has neither a fmt nor a data chunk: the WAV header is cut off or damaged"
                : "has no data chunk: the file is cut off or damaged");
    }

    static string? DefectOf(long declared, long bytes, long whole) =>
        declared > bytes ? $"its data chunk claims {declared:N0} bytes, the file ends after {bytes:N0} of them: it was cut off"
        : bytes > whole ? $"it ends inside a frame; {bytes - whole} of {bytes:N0} bytes of sound are left out"
        : null;

    /// <summary>
    /// A sentence where bytes behind the data chunk are no chunks, as where a recording went on behind its header's length.
    /// </summary>
    static string? DefectBehind(string path, Stream file, long position)
    {
        Span<byte> header = stackalloc byte[ChunkHeaderBytes];
        for (int chunk = 0; chunk < MaximumChunks && position + ChunkHeaderBytes <= file.Length; chunk++)
        {
            ReadAt(path, file, position, header);
            uint sizeBytes = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
            long end = position + ChunkHeaderBytes + sizeBytes;
            if (header[..4].ContainsAnyExceptInRange((byte)' ', (byte)'~') || end > file.Length)
                return $"{file.Length - position:N0} bytes behind its data chunk are no chunk; they are left out";
            position = end + (sizeBytes & 1);
        }
        return position < file.Length - 1
            ? $"{file.Length - position:N0} bytes behind its data chunk are no chunk; they are left out"
            : null;
    }

    static WavHeader ParseFormat(string path, ReadOnlySpan<byte> fields)
    {
        int tag = BinaryPrimitives.ReadUInt16LittleEndian(fields);
        int channels = BinaryPrimitives.ReadUInt16LittleEndian(fields[2..]);
        uint sampleRateHz = BinaryPrimitives.ReadUInt32LittleEndian(fields[4..]);
        int frameBytes = BinaryPrimitives.ReadUInt16LittleEndian(fields[12..]);
        int bits = BinaryPrimitives.ReadUInt16LittleEndian(fields[14..]);
        if (tag == ExtensibleTag && fields.Length == ExtensibleFormatBytes && fields[26..].SequenceEqual(SubFormatTail))
            tag = BinaryPrimitives.ReadUInt16LittleEndian(fields[24..]);

        if (channels == 0) throw new AudioDecodeException(path, "says it has 0 channels; expected at least 1");
        if (sampleRateHz is 0 or > int.MaxValue)
            throw new AudioDecodeException(path, $"says its sample rate is {sampleRateHz} Hz; expected 1 to {int.MaxValue}");
        if (tag is not (PcmTag or FloatTag)) return new WavHeader((int)sampleRateHz, channels, Math.Max(1, frameBytes), null, 0, 0);

        // A sample of, say, 20 bits stands in the high bits of the next whole byte count: the container's width alone matters.
        int containerBytes = frameBytes / channels;
        WavEncoding? encoding = (tag, containerBytes) switch
        {
            (PcmTag, 1) => WavEncoding.UnsignedPcm8,
            (PcmTag, 2) => WavEncoding.Pcm16,
            (PcmTag, 3) => WavEncoding.Pcm24,
            (PcmTag, 4) => WavEncoding.Pcm32,
            (FloatTag, 4) => WavEncoding.Float32,
            (FloatTag, 8) => WavEncoding.Float64,
            _ => null,
        };
        bool consistent = frameBytes == containerBytes * channels && bits <= 8 * containerBytes && bits > 0;
        if (encoding is null || !consistent)
            throw new AudioDecodeException(path, $"says {channels} channel(s) of {bits}-bit {(tag == PcmTag ? "PCM" : "float")} in "
                + $"frames of {frameBytes} bytes, which do not fit together; PCM of 8 to 32 and float of 32 or 64 bits are read");
        return new WavHeader((int)sampleRateHz, channels, frameBytes, encoding, 0, 0);
    }

    static void ReadAt(string path, Stream file, long position, Span<byte> target)
    {
        file.Position = position;
        if (file.ReadAtLeast(target, target.Length, throwOnEndOfStream: false) < target.Length)
            throw new AudioDecodeException(path, $"ends inside its header, at byte {file.Position}");
    }

    static string Printable(ReadOnlySpan<byte> id)
    {
        Span<char> text = stackalloc char[id.Length];
        for (int i = 0; i < id.Length; i++) text[i] = id[i] is >= 32 and < 127 ? (char)id[i] : '?';
        return text.ToString();
    }
}

/// <summary>Storage form of one sample in a WAV file. Integers wider than 8 bits are signed; all are little-endian.</summary>
internal enum WavEncoding
{
    UnsignedPcm8,
    Pcm16,
    Pcm24,
    Pcm32,
    Float32,
    Float64,
}
