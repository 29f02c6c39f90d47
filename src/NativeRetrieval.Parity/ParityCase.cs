using NativeRetrieval.Core.Devices;

namespace NativeRetrieval.Parity;

/// <summary>One thing that this program computes as a reference implementation does.</summary>
/// <param name="Name">What is compared, and in which precision.</param>
/// <param name="Tolerance">The largest error that passes in float32 or float64, in the unit of <paramref name="Measure"/>.</param>
/// <param name="Files">What it reads, as <see cref="ParityFolder.Find"/> takes it; without them the case is absent.</param>
/// <param name="Measure">Computes and compares everything of the case.</param>
public sealed record ParityCase(string Name, double Tolerance, IReadOnlyList<string> Files, Func<ParityFolder, WorstError> Measure)
{
    /// <summary>The unit of the error; null: a relative L2 error.</summary>
    public string? Unit { get; init; }

    /// <summary>The tolerance on a device that multiplies in less than float32; null: the same, because nothing is multiplied so.</summary>
    public ReducedTolerance? Reduced { get; init; }

    /// <summary>
    /// True where everything compared is computed in float32 by a device, so that another than the CPU can be put to the same test.
    /// </summary>
    public bool OnAnyDevice { get; init; }

    /// <summary>Runs the case where its files are there.</summary>
    public ParityResult Run(ParityFolder folder)
    {
        var reduced = folder.Device.Precision == Precision.Float32 ? null : Reduced;
        var (allowed, unit) = reduced is null ? (Tolerance, Unit) : (reduced.In(folder.Device.Precision), reduced.Unit);
        if (Files.FirstOrDefault(file => folder.Find(file) is null) is { } missing)
            return Result(null, ParityStatus.Absent, $"{missing} is not there");
        try
        {
            var error = Measure(folder);
            if (error.Where.Length == 0)
                return Result(null, ParityStatus.Failed, "the files have no tensor that the case compares");
            return Result(error.Value, error.Value <= allowed ? ParityStatus.Ok : ParityStatus.Failed, error.Where);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return Result(null, ParityStatus.Failed, e.Message);
        }

        ParityResult Result(double? worst, ParityStatus status, string detail) => new(this, allowed, unit, worst, status, detail);
    }
}
