using NativeRetrieval.Core.Features;
using NativeRetrieval.Cuda.Runtime;

namespace NativeRetrieval.Cuda.Backend.LogMel;

/// <summary>The tables of kernels/log_mel.cu for windows of 1024 samples, where a warp of 32 lanes takes a frame.</summary>
internal sealed class LogMelWarpTables : IDisposable
{
    public const int Window = 1024;
    const int Lanes = 32, LanePoints = 16, LanePointBits = 4;

    readonly DeviceBuffer _constants, _lanes, _steps;

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
        int[] filters = [.. Enumerable.Range(0, settings.MelBins).OrderBy(filter => Length(mel, filter))];
        Rounds = (filters.Length + Lanes - 1) / Lanes;
        List<int> lanes = [], steps = [];
        foreach (int[] round in filters.Chunk(Lanes))
        {
            int count = round.Max(filter => Length(mel, filter));
            steps.Add(count);
            // A filter near the last frequency begins earlier, so that all steps stay inside the spectrum.
            int[] starts = [.. round.Select(filter => Math.Min(mel.Support(filter).Start.Value, mel.FrequencyBins - count))];
            for (int lane = 0; lane < Lanes; lane++) lanes.AddRange(lane < round.Length ? [starts[lane], round[lane]] : [0, -1]);
            // Powers are fourfold, as in the general tables.
            for (int step = 0; step < count; step++)
                for (int lane = 0; lane < Lanes; lane++)
                    values.Add(lane < round.Length ? (float)(mel.Weight(starts[lane] + step, round[lane]) / 4) : 0);
        }
        _constants = LogMelTables.Upload(device, values);
        _lanes = LogMelTables.Upload(device, lanes);
        _steps = LogMelTables.Upload(device, steps);
    }

    /// <summary>Rounds of 32 filters.</summary>
    public int Rounds { get; }

    public nint Constants => _constants.Address;

    public nint LaneFilters => _lanes.Address;

    public nint Steps => _steps.Address;

    public void Dispose()
    {
        _constants.Dispose();
        _lanes.Dispose();
        _steps.Dispose();
    }

    static int Length(MelFilterbank mel, int filter)
    {
        var support = mel.Support(filter);
        return support.End.Value - support.Start.Value;
    }
}
