using System.Diagnostics;
using System.Runtime.InteropServices;
using NativeRetrieval.Benchmarks.Onnx;
using NativeRetrieval.Benchmarks.Peers;
using NativeRetrieval.Benchmarks.Suites;
using NativeRetrieval.PeerProtocol;

namespace NativeRetrieval.Benchmarks.Tests.Peers;

/// <summary>ONNX Runtime in its process, on a model that the graph writer has made.</summary>
public sealed class OrtPeerTests
{
    [Fact]
    public void A_generated_model_computes_what_it_says_and_a_wrong_result_stops_the_suite()
    {
        using var peer = PeerProcess.TryStartBuilt(PeerProgram.OnnxRuntime, out string? reason);
        Assert.SkipWhen(peer is null, $"ONNX Runtime: {reason}");
        string path = Path.Combine(Directory.CreateTempSubdirectory("nativeretrieval-onnx").FullName, "product.onnx");
        try
        {
            var graph = new OnnxGraph("product");
            graph.Input("a", integers: false, "m", 2);
            graph.Constant("b", [1f, 2f, 3f, 4f, 5f, 6f], 2, 3);
            graph.Output(graph.Named("c", "MatMul", ["a", "b"]), "m", 3);
            graph.Save(path);
            var bench = new Bench(Rounds: 1, peer);
            Assert.Null(bench.Open("gemm", model: null, [], () => []));
            var contender = bench.Open("gemm", () => path, [PeerInput.Of("a", [1f, 0f, 1f, 1f], 2, 2)],
                () => throw new InvalidOperationException("a model holds its weights"))!;
            Assert.Equal([1, 2, 3, 5, 7, 9], contender.Output);
            Assert.StartsWith("ONNX Runtime 1.", contender.Name);
            Bench.ExpectSame("product", contender, [1, 2, 3, 5, 7, 9]);
            Assert.Contains("no time is quoted",
                Assert.Throws<InvalidOperationException>(() => Bench.ExpectSame("product", contender, [1, 2, 3, 5, 7, 9.01f])).Message);
            Assert.Contains("5 values",
                Assert.Throws<InvalidOperationException>(() => Bench.ExpectSame("product", contender, [1, 2, 3, 5, 7])).Message);
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        }
    }

    [Fact]
    public async Task Without_AVX_512_the_library_is_told_that_the_system_does_not_keep_its_registers()
    {
        string program = Path.Combine(PeerProgram.OnnxRuntime.OutputFolder, PeerProgram.OnnxRuntime.Project + ".dll");
        Assert.SkipUnless(File.Exists(program), $"{program} is not built");
        Assert.SkipUnless(OperatingSystem.IsLinux() && RuntimeInformation.OSArchitecture == Architecture.X64,
            "the library of Linux on x64 is rewritten");
        var start = new ProcessStartInfo("dotnet", [program]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        start.Environment["DOTNET_EnableAVX512"] = "0";
        using var peer = Process.Start(start)!;
        string? greeting = await peer.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        peer.StandardInput.Close();
        await peer.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.EndsWith(", AVX2 alone", PeerAnswer.Parse(greeting!).Name);
        Assert.Equal(0, peer.ExitCode);
    }
}
