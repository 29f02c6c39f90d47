using BenchmarkDotNet.Attributes;

namespace NativeRetrieval.OpBenchmarks;

/// <summary>Forward passes of every op case.</summary>
public class OpForward
{
    PreparedCase? _prepared;

    public static IEnumerable<string> Names => PreparedCase.All.Select(item => $"{PreparedCase.NameOf(item.Case)} {item.Size}");

    /// <summary>A case and its size.</summary>
    [ParamsSource(nameof(Names))]
    public string Case { get; set; } = "";

    [GlobalSetup]
    public void Prepare()
    {
        var (opCase, size) = PreparedCase.All.First(item => $"{PreparedCase.NameOf(item.Case)} {item.Size}" == Case);
        _prepared = new(opCase, size);
        _prepared.Run();
    }

    [Benchmark]
    public void Forward() => _prepared!.Run();

    [GlobalCleanup]
    public void Free() => _prepared!.Dispose();
}
