using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace NativeRetrieval.Engine;

/// <summary>The sources that a host listens to for measurements and traces of this library, by their name.</summary>
public static class RetrievalTelemetry
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "NativeRetrieval";

    static readonly Histogram<double> _embedding;

    static RetrievalTelemetry()
    {
        string? version = typeof(RetrievalTelemetry).Assembly.GetName().Version?.ToString(3);
        Meter = new Meter(Name, version);
        Activities = new ActivitySource(Name, version);
        _embedding = Meter.CreateHistogram<double>("nativeretrieval.embedding.duration", "s",
            "Time of the model for one batch, by kind: text or audio.");
    }

    /// <summary>Meter of all instruments of the library, and of services on it.</summary>
    public static Meter Meter { get; }

    /// <summary>Source of the activities <c>embed text</c> and <c>embed audio</c>, and of services' own.</summary>
    public static ActivitySource Activities { get; }

    /// <summary>Measures a batch of the model.</summary>
    /// <param name="kind">The word <c>text</c> or <c>audio</c>.</param>
    /// <param name="count">Sentences or windows in the batch.</param>
    internal static T Embedded<T>(string kind, int count, Func<T> embed)
    {
        using var activity = Activities.StartActivity($"embed {kind}");
        activity?.SetTag("nativeretrieval.count", count);
        long start = Stopwatch.GetTimestamp();
        var vectors = embed();
        _embedding.Record(Stopwatch.GetElapsedTime(start).TotalSeconds, new KeyValuePair<string, object?>("kind", kind));
        return vectors;
    }
}
