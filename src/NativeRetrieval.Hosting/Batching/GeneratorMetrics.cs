using System.Diagnostics;
using System.Diagnostics.Metrics;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;

namespace NativeRetrieval.Hosting.Batching;

/// <summary>Instruments of the generators, on the engine's meter.</summary>
internal static class GeneratorMetrics
{
    static readonly Histogram<double> _duration = RetrievalTelemetry.Meter.CreateHistogram<double>(
        "nativeretrieval.generator.duration", "s", "Time of a call to a generator with its wait, by kind and outcome.");

    static readonly UpDownCounter<long> _waiting = RetrievalTelemetry.Meter.CreateUpDownCounter<long>(
        "nativeretrieval.generator.waiting", "{call}", "Calls to generators that wait for the model, by kind.");

    static readonly Histogram<int> _passes = RetrievalTelemetry.Meter.CreateHistogram<int>(
        "nativeretrieval.generator.pass", "{input}", "Sentences or windows that one pass of the model embedded, by kind.");

    public static void Waiting(string kind, int change) => _waiting.Add(change, Kind(kind));

    public static void Pass(string kind, int inputs) => _passes.Record(inputs, Kind(kind));

    /// <summary>Measures a call, which is an activity <c>generate text</c> or <c>generate audio</c>.</summary>
    public static async Task<T> MeasureAsync<T>(string kind, Func<Task<T>> call)
    {
        using var activity = RetrievalTelemetry.Activities.StartActivity($"generate {kind}");
        long start = Stopwatch.GetTimestamp();
        string outcome = "failed";
        try
        {
            var result = await call().ConfigureAwait(false);
            outcome = "embedded";
            return result;
        }
        catch (Exception error)
        {
            if (error is OperationCanceledException) outcome = "cancelled";
            else if (error is NativeRetrievalException) outcome = "refused";
            activity?.SetStatus(ActivityStatusCode.Error, error.Message);
            throw;
        }
        finally
        {
            _duration.Record(Stopwatch.GetElapsedTime(start).TotalSeconds, Kind(kind), new("outcome", outcome));
        }
    }

    static KeyValuePair<string, object?> Kind(string kind) => new("kind", kind);
}
