using NativeRetrieval.Core.Devices;
using NativeRetrieval.Models;

namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>A workload whose weights and inputs lie on the device.</summary>
/// <param name="run">Queues one run and leaves nothing behind.</param>
/// <param name="owned">Freed in the end.</param>
internal sealed class PreparedRun(Action run, params IDisposable[] owned) : IDisposable
{
    public Action Run => run;

    /// <summary>The recordings by which runs are replayed; null where runs are not recorded as a whole.</summary>
    public CapturedWork? Captured { get; init; }

    /// <summary>Parameters of the model that the run trains; 0 where it trains none.</summary>
    public long Parameters =>
        owned.OfType<RetrievalModel>().SelectMany(model => model.Parameters()).Sum(parameter => parameter.Tensor.Shape.Count);

    /// <summary>Says what a time in milliseconds means for this work; null: nothing beside the time.</summary>
    public Func<double, string>? Describe { get; init; }

    public void Dispose()
    {
        foreach (var item in owned) item.Dispose();
    }
}
