using System.Buffers.Binary;
using System.Runtime.InteropServices;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Audio.Decoding;

/// <summary>Linear PCM and float WAV, read and converted block by block: memory does not depend on the file's length.</summary>
internal sealed class WavStream : IAudioStream
{
    const int BlockBytes = 1 << 16;
    readonly string _path;
    readonly FileStream _file;
    readonly WavHeader _header;
    readonly WavEncoding _encoding;
    readonly byte[] _block;
    long _framesRead;

    /// <summary>Takes over <paramref name="file"/>.</summary>
    public WavStream(string path, FileStream file, WavHeader header, WavEncoding encoding)
    {
        (_path, _file, _header, _encoding) = (path, file, header, encoding);
        _block = new byte[Math.Max(BlockBytes / header.FrameBytes, 1) * header.FrameBytes];
        file.Position = header.DataOffset;
    }

    public int SampleRateHz => _header.SampleRateHz;
    public int Channels => _header.Channels;
    public long? LengthFrames => _header.DataBytes / _header.FrameBytes;

    public string? Defect => _header.Defect;

    public int Read(Span<float> interleaved)
    {
        int room = interleaved.Length / Channels, frames = 0;
        ArgumentOutOfRangeException.ThrowIfZero(room, nameof(interleaved));
        while (frames < room)
        {
            long left = _header.DataBytes / _header.FrameBytes - _framesRead;
            int wanted = (int)Math.Min(Math.Min(left, room - frames), _block.Length / _header.FrameBytes);
            int got = wanted == 0 ? 0 : ReadBlock(wanted * _header.FrameBytes) / _header.FrameBytes;
            if (got == 0) break;
            var samples = interleaved.Slice(frames * Channels, got * Channels);
            Convert(_block.AsSpan(0, got * _header.FrameBytes), samples);
            if (_encoding is WavEncoding.Float32 or WavEncoding.Float64) SampleRange.Check(_path, samples, Channels, _framesRead);
            _framesRead += got;
            frames += got;
        }
        return frames;
    }

    int ReadBlock(int bytes)
    {
        try
        {
            return _file.ReadAtLeast(_block.AsSpan(0, bytes), bytes, throwOnEndOfStream: false);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new AudioDecodeException(_path, $"cannot be read at byte {_file.Position}: {error.Message}", error);
        }
    }

    void Convert(ReadOnlySpan<byte> bytes, Span<float> samples)
    {
        switch (_encoding)
        {
            case WavEncoding.UnsignedPcm8:
                for (int i = 0; i < samples.Length; i++) samples[i] = (bytes[i] - 128) * (1 / 128f);
                break;
            case WavEncoding.Pcm16:
                for (int i = 0; i < samples.Length; i++)
                    samples[i] = BinaryPrimitives.ReadInt16LittleEndian(bytes[(2 * i)..]) * (1 / 32768f);
                break;
            case WavEncoding.Pcm24:
                for (int i = 0; i < samples.Length; i++)
                    samples[i] = (bytes[3 * i] | bytes[3 * i + 1] << 8 | unchecked((sbyte)bytes[3 * i + 2]) << 16) * (1 / 8388608f);
                break;
            case WavEncoding.Pcm32:
                for (int i = 0; i < samples.Length; i++)
                    samples[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes[(4 * i)..]) * (1 / 2147483648f);
                break;
            case WavEncoding.Float32 when BitConverter.IsLittleEndian:
                MemoryMarshal.Cast<byte, float>(bytes).CopyTo(samples);
                break;
            case WavEncoding.Float32:
                for (int i = 0; i < samples.Length; i++) samples[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(4 * i)..]);
                break;
            case WavEncoding.Float64:
                for (int i = 0; i < samples.Length; i++) samples[i] = (float)BinaryPrimitives.ReadDoubleLittleEndian(bytes[(8 * i)..]);
                break;
        }
    }

    public void Dispose() => _file.Dispose();
}
