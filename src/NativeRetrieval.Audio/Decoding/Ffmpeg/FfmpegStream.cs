using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Audio.Decoding.Ffmpeg;

/// <summary>
/// A file decoded by an <c>ffmpeg</c> process of its own. The process ends with the stream, and where it gives nothing for a minute.
/// </summary>
internal sealed class FfmpegStream : IAudioStream
{
    const int HeaderBytes = 24, LongestHeaderBytes = 1 << 16, MessageCharacters = 400, FloatEncoding = 6;
    static readonly TimeSpan _patience = TimeSpan.FromMinutes(1);

    readonly string _path, _formatName;
    readonly Process _process;
    readonly Stream _output;
    readonly StringBuilder _messages = new();
    readonly CancellationTokenSource _silence = new();
    byte[] _block = [];
    long _framesRead;
    bool _ended;

    FfmpegStream(string path, string formatName, Process process)
    {
        (_path, _formatName, _process, _output) = (path, formatName, process, process.StandardOutput.BaseStream);
        process.ErrorDataReceived += (_, line) =>
        {
            lock (_messages)
                if (line.Data is { Length: > 0 } text && _messages.Length < MessageCharacters)
                    _messages.Append(_messages.Length > 0 ? "; " : "").Append(text);
        };
        process.BeginErrorReadLine();
        process.StandardInput.Close();
    }

    public int SampleRateHz { get; private set; }

    public int Channels { get; private set; }

    public long? LengthFrames => null;

    public string? Defect { get; private set; }

    /// <param name="formatName">The format that the first bytes look like.</param>
    /// <exception cref="AudioDecodeException">ffmpeg is not installed or finds no sound in the file.</exception>
    public static FfmpegStream Open(string path, string formatName)
    {
        if (FfmpegProgram.Path is null)
            throw new AudioDecodeException(path,
                $"is {formatName}; decoding it takes ffmpeg, which is not installed: {FfmpegProgram.HowToInstall}, "
                + "or convert the file to WAV");
        FfmpegStream? stream = null;
        try
        {
            stream = new FfmpegStream(path, formatName, Process.Start(FfmpegProgram.Decode(path))!);
            stream.ReadHeader();
            return stream;
        }
        catch (Exception error)
        {
            stream?.Dispose();
            if (error is not System.ComponentModel.Win32Exception) throw;
            throw new AudioDecodeException(path, $"cannot be decoded: {FfmpegProgram.Path} does not start: {error.Message}", error);
        }
    }

    public int Read(Span<float> interleaved)
    {
        int room = interleaved.Length / Channels, frameBytes = Channels * sizeof(float);
        ArgumentOutOfRangeException.ThrowIfZero(room, nameof(interleaved));
        if (_ended) return 0;
        if (_block.Length < room * frameBytes) _block = new byte[room * frameBytes];
        int bytes = ReadBytes(_block.AsMemory(0, room * frameBytes)), frames = bytes / frameBytes;
        for (int i = 0; i < frames * Channels; i++) interleaved[i] = BinaryPrimitives.ReadSingleBigEndian(_block.AsSpan(i * sizeof(float)));
        SampleRange.Check(_path, interleaved[..(frames * Channels)], Channels, _framesRead);
        _framesRead += frames;
        if (frames < room) End();
        return frames;
    }

    public void Dispose()
    {
        try
        {
            if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended in the meantime.
        }
        _process.Dispose();
        _silence.Dispose();
    }

    void ReadHeader()
    {
        var header = new byte[HeaderBytes];
        if (ReadBytes(header) < HeaderBytes) throw Refused();
        uint offset = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4));
        uint rate = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(16));
        uint channels = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(20));
        bool known = header.AsSpan().StartsWith(".snd"u8) && offset is >= HeaderBytes and <= LongestHeaderBytes
            && BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(12)) == FloatEncoding && rate is > 0 and <= int.MaxValue
            && channels is > 0 and <= ushort.MaxValue;
        if (!known) throw Refused();
        ReadBytes(new byte[offset - HeaderBytes]);
        (SampleRateHz, Channels) = ((int)rate, (int)channels);
    }

    void End()
    {
        _ended = true;
        _process.WaitForExit(_patience);
        string said = Said();
        if (_framesRead == 0) throw Refused();
        if (said.Length > 0) Defect = $"ffmpeg met damage ({said}); {(double)_framesRead / SampleRateHz:F2} s could be decoded";
    }

    AudioDecodeException Refused()
    {
        _process.WaitForExit(_patience);
        string reason = Said() is { Length: > 0 } said ? said : "it finds no sound in it";
        return new(_path, $"looks like {_formatName} but cannot be decoded (ffmpeg: {reason})");
    }

    string Said()
    {
        lock (_messages) return _messages.ToString().Replace("file:" + Path.GetFullPath(_path) + ": ", "", StringComparison.Ordinal);
    }

    int ReadBytes(Memory<byte> target)
    {
        int count = 0;
        while (count < target.Length)
        {
            _silence.TryReset();
            _silence.CancelAfter(_patience);
            int read;
            try
            {
                read = _output.ReadAsync(target[count..], _silence.Token).AsTask().GetAwaiter().GetResult();
            }
            catch (OperationCanceledException)
            {
                throw new AudioDecodeException(_path, $"ffmpeg gave nothing for {_patience.TotalSeconds:F0} s; it was ended");
            }
            if (read == 0) break;
            count += read;
        }
        return count;
    }
}
