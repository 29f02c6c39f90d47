using System.Diagnostics.Metrics;
using NativeRetrieval.Engine;

namespace NativeRetrieval.Server.Telemetry;

/// <summary>Instruments of the service, on the engine's meter.</summary>
internal static class ServiceMetrics
{
    static readonly Histogram<double> _requests = RetrievalTelemetry.Meter.CreateHistogram<double>(
        "nativeretrieval.http.duration", "s", "Time from a request's arrival to the end of its answer.");

    static readonly Counter<long> _refused = RetrievalTelemetry.Meter.CreateCounter<long>(
        "nativeretrieval.queue.refused", "{request}", "Requests that found the queue full.");

    static readonly UpDownCounter<long> _waiting = RetrievalTelemetry.Meter.CreateUpDownCounter<long>(
        "nativeretrieval.queue.waiting", "{request}", "Requests that wait for the model and the search.");

    static readonly Histogram<int> _batches = RetrievalTelemetry.Meter.CreateHistogram<int>(
        "nativeretrieval.queue.batch", "{request}", "Requests that one pass answered.");

    static readonly Counter<long> _uploads = RetrievalTelemetry.Meter.CreateCounter<long>(
        "nativeretrieval.uploads", "{sound}", "Uploaded sounds, by outcome.");

    public static void Requested(string route, int status, TimeSpan duration) =>
        _requests.Record(duration.TotalSeconds, new("route", route), new("status", status));

    public static void Refused() => _refused.Add(1);

    public static void Waiting(int change) => _waiting.Add(change);

    public static void Batch(int requests) => _batches.Record(requests);

    public static void Uploaded(string outcome) => _uploads.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
}
