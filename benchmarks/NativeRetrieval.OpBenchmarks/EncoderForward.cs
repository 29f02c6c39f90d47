using BenchmarkDotNet.Attributes;

namespace NativeRetrieval.OpBenchmarks;

/// <summary>Forward passes of every encoder at full size.</summary>
public class EncoderForward
{
    PreparedEncoder? _prepared;

    public static IEnumerable<string> Names => PreparedEncoder.Full.Keys;

    /// <summary>An encoder and its input.</summary>
    [ParamsSource(nameof(Names))]
    public string Encoder { get; set; } = "";

    [GlobalSetup]
    public void Prepare()
    {
        _prepared = PreparedEncoder.Full[Encoder]();
        _prepared.Run();
    }

    [Benchmark]
    public void Forward() => _prepared!.Run();

    [GlobalCleanup]
    public void Free() => _prepared!.Dispose();
}
