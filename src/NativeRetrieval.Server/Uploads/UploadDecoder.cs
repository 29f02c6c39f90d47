using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.AspNetCore.Http;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Server.Library;
using NativeRetrieval.Server.Telemetry;

namespace NativeRetrieval.Server.Uploads;

/// <summary>Decodes sounds that come with requests, each in a process of its own (<see cref="UploadProcess"/>).</summary>
internal sealed class UploadDecoder(ServerOptions options, ServedLibrary library) : IDisposable
{
    /// <summary>Uploads that are held in memory for each that is decoded.</summary>
    const int HeldForEach = 4;

    /// <summary>Memory that the runtime of the process takes beside its heap.</summary>
    const long RuntimeBytes = 128L << 20;

    readonly ServerLimits _limits = options.Limits;
    readonly SemaphoreSlim _held = new(HeldForEach * options.Limits.Decoders), _decoding = new(options.Limits.Decoders);

    /// <summary>The samples of a stretch of an uploaded sound, mono at the model's rate.</summary>
    /// <param name="read">Reads the upload's bytes, no more than the limit.</param>
    /// <param name="seconds">Length of the stretch; less where the sound ends before.</param>
    /// <exception cref="Refusal">The sound cannot be decoded, or not within its limits, or too many are waiting.</exception>
    public async Task<float[]> DecodeAsync(Func<Task<ReadOnlyMemory<byte>>> read, double startSeconds, double seconds,
        CancellationToken cancellation)
    {
        if (options.UploadProgram.Count == 0)
            throw new Refusal(StatusCodes.Status501NotImplemented,
                "this service takes no uploads: its host names no process to decode them");
        if (!await _held.WaitAsync(0, cancellation).ConfigureAwait(false))
        {
            ServiceMetrics.Uploaded("busy");
            throw Refusal.Busy();
        }
        try
        {
            var bytes = await read().ConfigureAwait(false);
            await _decoding.WaitAsync(cancellation).ConfigureAwait(false);
            try
            {
                return await DecodeAsync(bytes, startSeconds, seconds, cancellation).ConfigureAwait(false);
            }
            finally
            {
                _decoding.Release();
            }
        }
        finally
        {
            _held.Release();
        }
    }

    async Task<float[]> DecodeAsync(ReadOnlyMemory<byte> sound, double startSeconds, double seconds, CancellationToken cancellation)
    {
        var folder = Directory.CreateTempSubdirectory("nativeretrieval-upload-");
        try
        {
            string path = Path.Combine(folder.FullName, "sound");
            DurableFile.WriteRecomputable(path, file => file.Write(sound.Span));
            return await DecodeAsync(path, startSeconds, seconds, cancellation).ConfigureAwait(false);
        }
        catch (Refusal)
        {
            ServiceMetrics.Uploaded("refused");
            throw;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    async Task<float[]> DecodeAsync(string path, double startSeconds, double seconds, CancellationToken cancellation)
    {
        var logMel = library.Engine.Model.Config.LogMel;
        long most = (long)Math.Ceiling(seconds * logMel.SampleRateHz) * sizeof(float) + 1;
        using var process = Start(path, startSeconds, seconds);
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(_limits.UploadSeconds));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        try
        {
            byte[] output = await BoundedBody.ReadAsync(process.StandardOutput.BaseStream, most, stop.Token).ConfigureAwait(false);
            await process.WaitForExitAsync(stop.Token).ConfigureAwait(false);
            if (process.ExitCode != 0 || output.Length == 0)
                throw Refusal.Unprocessable(FormattableString.Invariant($"the sound cannot be decoded within an upload's limits of ")
                    + FormattableString.Invariant($"{_limits.UploadMemoryBytes >> 20:N0} MiB of memory and {_limits.UploadSeconds} s"));
            if (output[0] != 0) throw Refusal.Unprocessable(PlainText.Of(Encoding.UTF8.GetString(output.AsSpan(1))));
            ServiceMetrics.Uploaded("decoded");
            return MemoryMarshal.Cast<byte, float>(output.AsSpan(1)).ToArray();
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw Refusal.Unprocessable($"decoding the sound took more than {_limits.UploadSeconds} s");
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    Process Start(string path, double startSeconds, double seconds)
    {
        var start = new ProcessStartInfo(options.UploadProgram[0]) 
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var model = library.Engine.Model.Config;
        string[] own = [UploadProcess.Command, path, Text(model.LogMel.SampleRateHz), model.Resampler, Text(startSeconds), Text(seconds),
            Text(_limits.UploadSeconds), Text(_limits.UploadMemoryBytes + RuntimeBytes)];
        foreach (string argument in options.UploadProgram.Skip(1).Concat(own)) start.ArgumentList.Add(argument);
        // The key of the service, and whatever else its environment says, are not for a process that reads strangers' files.
        var kept = start.Environment.Where(pair => pair.Key is "PATH" or "HOME" or "TMPDIR" or "DOTNET_ROOT" or "SystemRoot").ToArray();
        start.Environment.Clear();
        foreach (var (name, value) in kept) start.Environment[name] = value;
        start.Environment["DOTNET_GCHeapHardLimit"] = _limits.UploadMemoryBytes.ToString("x", CultureInfo.InvariantCulture);
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        start.Environment["DOTNET_TieredPGO"] = "0";
        var process = Process.Start(start)
            ?? throw new InvalidOperationException($"{options.UploadProgram[0]} does not start");
        process.StandardInput.Close();
        // Libraries that decode may say there whatever a file makes them say.
        _ = process.StandardError.BaseStream.CopyToAsync(Stream.Null);
        return process;
    }

    static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);

    public void Dispose()
    {
        _held.Dispose();
        _decoding.Dispose();
    }
}
