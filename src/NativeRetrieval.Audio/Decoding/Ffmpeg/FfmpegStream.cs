using System.Buffers.Binary;
using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Audio.Decoding.Ffmpeg;

/// <summary>A file decoded by an <c>ffmpeg</c> process of its own, ended with the stream or after a long silence.</summary>
internal sealed partial class FfmpegStream : IAudioStream
{
    const int HeaderBytes = 24, LongestHeaderBytes = 1 << 16, MessageCharacters = 400, FloatEncoding = 6;

    readonly string _path, _formatName;
    readonly FfmpegProgram _program;
    readonly Process _process;
    readonly Stream _output;
    readonly StringBuilder _messages = new();
    readonly Timer _watch;
    byte[] _block = [];
    long _framesRead;
    bool _ended;
    volatile bool _wasSilent;

    FfmpegStream(string path, string formatName, FfmpegProgram program, Process process)
    {
        (_path, _formatName, _program, _process, _output) = (path, formatName, program, process, process.StandardOutput.BaseStream);
        // A process that is ended closes its output, and with that the read that waits for it returns.
        _watch = new Timer(_ =>
        {
            _wasSilent = true;
            Kill();
        });
        process.ErrorDataReceived += (_, line) =>
        {
            lock (_messages)
                if (line.Data is { Length: > 0 } text && _messages.Length < MessageCharacters)
                    _messages.Append(_messages.Length > 0 ? "; " : "").Append(text.AsSpan(0, Math.Min(text.Length, MessageCharacters)));
        };
        process.BeginErrorReadLine();
    }

    public int SampleRateHz { get; private set; }

    public int Channels { get; private set; }

    public long? LengthFrames => null;

    public string? Defect { get; private set; }

    /// <param name="formatName">The format that the first bytes look like.</param>
    /// <param name="program">The installed program, or null.</param>
    /// <param name="defect">A defect that was found before decoding.</param>
    /// <exception cref="AudioDecodeException">ffmpeg is not installed or finds no sound in the file.</exception>
    public static FfmpegStream Open(string path, string formatName, FfmpegProgram? program, string? defect = null)
    {
        if (program is null)
            throw new AudioDecodeException(path,
                $"is {formatName}; decoding it takes ffmpeg, which is not installed: {FfmpegProgram.HowToInstall}, or convert it to WAV");
        FfmpegStream? stream = null;
        try
        {
            stream = new FfmpegStream(path, formatName, program, program.Start(path)) { Defect = defect };
            stream.ReadHeader();
            return stream;
        }
        catch (Exception error)
        {
            stream?.Dispose();
            if (error is not Win32Exception) throw;
            throw new AudioDecodeException(path, $"cannot be decoded: {program.FullPath} does not start: {error.Message}", error);
        }
    }

    public int Read(Span<float> interleaved)
    {
        int room = interleaved.Length / Channels, frameBytes = Channels * sizeof(float);
        ArgumentOutOfRangeException.ThrowIfZero(room, nameof(interleaved));
        if (_ended) return 0;
        if (_block.Length < room * frameBytes) _block = new byte[room * frameBytes];
        int bytes = ReadBytes(_block.AsSpan(0, room * frameBytes)), frames = bytes / frameBytes;
        for (int i = 0; i < frames * Channels; i++) interleaved[i] = BinaryPrimitives.ReadSingleBigEndian(_block.AsSpan(i * sizeof(float)));
        SampleRange.Check(_path, interleaved[..(frames * Channels)], Channels, _framesRead);
        _framesRead += frames;
        if (frames < room) End();
        return frames;
    }

    public void Dispose()
    {
        _watch.Dispose();
        Kill();
        _process.Dispose();
    }

    void Kill()
    {
        try
        {
            if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        }
        catch (Exception error) when (error is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It has ended in the meantime.
        }
    }

    void ReadHeader()
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        if (ReadBytes(header) < HeaderBytes) throw Refused();
        uint offset = BinaryPrimitives.ReadUInt32BigEndian(header[4..]), encoding = BinaryPrimitives.ReadUInt32BigEndian(header[12..]);
        uint rate = BinaryPrimitives.ReadUInt32BigEndian(header[16..]), channels = BinaryPrimitives.ReadUInt32BigEndian(header[20..]);
        bool known = header.StartsWith(".snd"u8) && offset is >= HeaderBytes and <= LongestHeaderBytes && encoding == FloatEncoding
            && rate is > 0 and <= int.MaxValue && channels is > 0 and <= ushort.MaxValue;
        if (!known) throw Refused();
        ReadBytes(new byte[offset - HeaderBytes]);
        (SampleRateHz, Channels) = ((int)rate, (int)channels);
    }

    void End()
    {
        _ended = true;
        if (_framesRead == 0) throw Refused();
        if (Said() is { Length: > 0 } said)
            Defect ??= $"ffmpeg met damage ({said}); {(double)_framesRead / SampleRateHz:F2} s could be decoded";
    }

    AudioDecodeException Refused() => Said() is { Length: > 0 } said
        ? new(_path, $"looks like {_formatName} but cannot be decoded (ffmpeg: {said})")
        : new(_path, $"looks like {_formatName} but ffmpeg finds no sound in it");

    /// <summary>All that the ended process said, without the file's name.</summary>
    string Said()
    {
        if (_process.WaitForExit(_program.Patience)) _process.WaitForExit();      // the second call waits for the messages, too
        string said;
        lock (_messages) said = _messages.ToString();
        return Address().Replace(said.Replace("file:" + Path.GetFullPath(_path) + ": ", "", StringComparison.Ordinal), "$1");
    }

    /// <summary>The part of a message that differs from run to run: <c>[aac @ 0x55d0] text</c> is told as <c>[aac] text</c>.</summary>
    [GeneratedRegex("(\\[[^@\\]]+) @ 0x[0-9a-f]+(?=\\])")]
    private static partial Regex Address();

    int ReadBytes(Span<byte> target)
    {
        int count = 0;
        while (count < target.Length)
        {
            _watch.Change(_program.Patience, Timeout.InfiniteTimeSpan);
            int read = _output.Read(target[count..]);
            _watch.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            if (_wasSilent)
                throw new AudioDecodeException(_path, $"ffmpeg gave nothing for {_program.Patience.TotalSeconds:0.#} s; it was ended");
            if (read == 0) break;
            count += read;
        }
        return count;
    }
}
