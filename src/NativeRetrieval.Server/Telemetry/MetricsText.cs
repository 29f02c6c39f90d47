using NativeRetrieval.Engine;
using Prometheus;

namespace NativeRetrieval.Server.Telemetry;

/// <summary>The instruments of this service's meter, and the runtime's heap and working set, as Prometheus text.</summary>
internal sealed class MetricsText : IDisposable
{
    /// <summary>Upper bounds of the histograms' buckets, in seconds or requests: from a millisecond to a minute.</summary>
    static readonly double[] _bounds = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60];

    /// <summary>Time for which values stay that nothing is added to: the longest that the library takes.</summary>
    static readonly TimeSpan _kept = TimeSpan.FromDays(1);

    readonly CollectorRegistry _registry = Metrics.NewCustomRegistry();
    readonly IDisposable _adapter;

    public MetricsText() => _adapter = MeterAdapter.StartListening(new MeterAdapterOptions
    {
        Registry = _registry,
        MetricFactory = Metrics.WithCustomRegistry(_registry),
        MetricsExpireAfter = _kept,
        InstrumentFilterPredicate = instrument => instrument.Meter == RetrievalTelemetry.Meter || instrument is
            { Meter.Name: "System.Runtime", Name: "dotnet.gc.last_collection.heap.size" or "dotnet.process.memory.working_set" },
        ResolveHistogramBuckets = _ => _bounds,
    });

    /// <summary>Writes all instruments' values.</summary>
    public Task WriteAsync(Stream target, CancellationToken cancellation) =>
        _registry.CollectAndExportAsTextAsync(target, ExpositionFormat.PrometheusText, cancellation);

    public void Dispose() => _adapter.Dispose();
}
