using NativeRetrieval.Core.Features;
using NativeRetrieval.Cuda.Runtime;

namespace NativeRetrieval.Cuda.Backend.LogMel;

/// <summary>The tables of kernels/log_mel.cu for windows of 1024 samples, where a warp of 32 lanes takes a frame.</summary>
internal sealed class LogMelWarpTables : IDisposable
{
    public const int Window = 1024;
    const int Lanes = MelParts.Lanes, LanePoints = 16, LanePointBits = 4;

    readonly DeviceBuffer _constants, _lanes, _steps, _parts;

    public LogMelWarpTables(CudaDevice device, LogMelSettings settings)
    {
        var values = new List<float>();
        for (int i = 0; i < LanePoints / 2; i++)
            for (int lane = 0; lane < Lanes; lane++)
            {
                // The other half is 1 less these, which are the small ones.
                int sample = 2 * (Lanes * (i < LanePoints / 4 ? i : i + LanePoints / 2) + lane);
                values.AddRange(LogMelTables.HannAt(sample, Window), LogMelTables.HannAt(sample + 1, Window));
            }
        for (int place = 1; place < LanePoints; place++)
            for (int lane = 0; lane < Lanes; lane++)
                LogMelTables.AddRotation(values, lane * LogMelTables.Reversed(place, LanePointBits), Window / 2);
        for (int lane = 0; lane < Lanes; lane++) LogMelTables.AddRotation(values, lane, Window);

        var mel = new MelFilterbank(settings);
        var plan = MelParts.Of(mel);
        Rounds = plan.Rounds.Count;
        List<int> lanes = [], steps = [];
        foreach (var round in plan.Rounds)
        {
            steps.Add(round.Steps);
            for (int lane = 0; lane < Lanes; lane++)
                lanes.AddRange(lane < round.Parts.Count ? [round.Parts[lane].Start, round.Parts[lane].Number] : [0, -1]);
            // Powers are fourfold, as in the general tables.
            for (int step = 0; step < round.Steps; step++)
                for (int lane = 0; lane < Lanes; lane++)
                    values.Add(lane < round.Parts.Count ? (float)(round.Parts[lane].Weight(mel, step) / 4) : 0);
        }
        _constants = LogMelTables.Upload(device, values);
        _lanes = LogMelTables.Upload(device, lanes);
        _steps = LogMelTables.Upload(device, steps);
        _parts = LogMelTables.Upload(device, plan.FirstParts);
        PartCount = plan.FirstParts[^1];
    }

    /// <summary>Parts of all filters.</summary>
    public int PartCount { get; }

    /// <summary>Rounds of 32 parts.</summary>
    public int Rounds { get; }

    public nint Constants => _constants.Address;

    public nint LaneFilters => _lanes.Address;

    public nint Steps => _steps.Address;

    public nint Parts => _parts.Address;

    public void Dispose()
    {
        _constants.Dispose();
        _lanes.Dispose();
        _steps.Dispose();
        _parts.Dispose();
    }
}
