using System.Numerics;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Features;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda.Backend.LogMel;
using NativeRetrieval.Cuda.Compilation;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    /// <summary>
    /// Points of a block, sixteen frames of 512 samples: two butterflies for each thread and pass, and four blocks on a multiprocessor.
    /// </summary>
    const int LogMelPoints = 4096;

    const int MostLogMelFrames = 64;

    /// <summary>The longest clip: the place of a reflected sample must be an int.</summary>
    const int MostLogMelSamples = 1 << 30;

    /// <summary>Threads of the kernel in which a warp takes a frame, and its blocks on a multiprocessor.</summary>
    const int LogMelWarpBlock = 128, LogMelWarpBlocks = 4;

    /// <summary>Floats of a warp: its points, or powers in front of sums.</summary>
    const int LogMelWarpPoints = LogMelWarpTables.Window, LogMelWarpPowers = LogMelWarpTables.Window / 2 + 4;

    readonly Dictionary<LogMelSettings, LogMelTables> _logMelTables = [];
    readonly Dictionary<LogMelSettings, LogMelWarpTables> _logMelWarpTables = [];

    public void LogMel(Tensor waveform, Tensor? lengths, LogMelSettings settings, LogMelEpilogue? epilogue, Tensor y)
    {
        int clips = waveform.Shape[0], samples = waveform.Shape[1], frames = y.Shape[2], rows = checked(clips * frames);
        if (samples > MostLogMelSamples)
            throw new ShapeException($"LogMel: waveform is {waveform.Shape}; on {device} a clip has at most {MostLogMelSamples} samples");
        if (settings.WindowSamples == LogMelWarpTables.Window)
        {
            LogMelByWarps(waveform, lengths, settings, epilogue, y, rows);
            return;
        }
        var tables = TablesOf(settings);
        KernelArgument[] common =
        [
            F32(waveform), IntsOrNull(lengths), tables.Values, tables.Filters,
            tables.PointBits, settings.HopSamples, settings.MelBins, (float)settings.Floor,
            F32OrNull(epilogue?.Scale), F32OrNull(epilogue?.Shift), F32(y), Faults.Address, samples, frames,
        ];
        int perBlock = Math.Clamp(LogMelPoints >> tables.PointBits, 1, MostLogMelFrames);
        while (perBlock > 0 && LogMelSharedBytes(settings, perBlock) > device.Properties.SharedBytesPerBlock) perBlock /= 2;
        if (perBlock > 0)
        {
            Launch("log_mel", "log_mel_forward_f32", checked(clips * Ceil(frames, perBlock)), Block, LogMelSharedBytes(settings, perBlock),
                [.. common, BitOperations.Log2((uint)perBlock)]);
            return;
        }
        int blocks = Math.Min(rows, device.Properties.Multiprocessors);
        using var workspace = Tensor.Empty([blocks, (3 << tables.PointBits) + 2], device);
        Launch("log_mel", "log_mel_large_f32", blocks, Block, (settings.MelBins + 1) * sizeof(float), [.. common, rows, F32(workspace)]);
    }

    void LogMelByWarps(Tensor waveform, Tensor? lengths, LogMelSettings settings, LogMelEpilogue? epilogue, Tensor y, int rows)
    {
        var tables = WarpTablesOf(settings);
        int floats = Math.Max(LogMelWarpPoints, (LogMelWarpPowers + tables.PartCount + 3) / 4 * 4), warps = LogMelWarpBlock / Warp;
        Launch("log_mel", "log_mel_warp_f32", Math.Min(Ceil(rows, warps), Multiprocessors * LogMelWarpBlocks), LogMelWarpBlock,
            warps * floats * sizeof(float),
            F32(waveform), IntsOrNull(lengths), tables.Constants, tables.LaneFilters, tables.Steps, tables.Parts, tables.Rounds,
            settings.HopSamples, settings.MelBins, (float)settings.Floor, F32OrNull(epilogue?.Scale), F32OrNull(epilogue?.Shift), F32(y),
            Faults.Address, waveform.Shape[1], y.Shape[2], rows, floats);
    }

    /// <summary>Shared memory of log_mel_forward: points, whose place mel sums take later, and samples, whose place powers take.</summary>
    static int LogMelSharedBytes(LogMelSettings settings, int perBlock)
    {
        int points = settings.WindowSamples / 2;
        int complex = Math.Max(perBlock * points, Ceil(perBlock * (settings.MelBins + 1), 2));
        int floats = Math.Max((perBlock - 1) * settings.HopSamples + settings.WindowSamples, perBlock * (points + 1));
        return (2 * complex + floats) * sizeof(float);
    }

    LogMelTables TablesOf(LogMelSettings settings)
    {
        lock (_lock)
        {
            if (!_logMelTables.TryGetValue(settings, out var tables)) _logMelTables.Add(settings, tables = new(device, settings));
            return tables;
        }
    }

    LogMelWarpTables WarpTablesOf(LogMelSettings settings)
    {
        lock (_lock)
        {
            if (!_logMelWarpTables.TryGetValue(settings, out var tables)) _logMelWarpTables.Add(settings, tables = new(device, settings));
            return tables;
        }
    }
}
