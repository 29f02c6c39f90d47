using NativeRetrieval.Benchmarks.Measuring;
using NativeRetrieval.Benchmarks.Suites;

namespace NativeRetrieval.Benchmarks.Tests.Suites;

/// <summary>A run of suites that goes on after an interruption.</summary>
public sealed class SuiteResultTests
{
    [Fact]
    public void A_suite_that_was_measured_beside_the_same_peer_is_not_measured_again()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            string stem = Path.Combine(folder, "below", "run");
            Suite first = Suite.All[0], second = Suite.All[1];
            var row = new Row("conv", "3 x 3", 1.5, PeerMs: null, Gigaflop: 2, Note: "n", Cores: 170);
            new SuiteResult("onnx 1", new(500, 40), [row]).Save(stem, first);

            var loaded = SuiteResult.Load(stem, first, "onnx 1")!;
            Assert.Equal(new Ceilings(500, 40), loaded.Ceilings);
            Assert.Equal(row, Assert.Single(loaded.Rows));
            Assert.Null(SuiteResult.Load(stem, second, "onnx 1"));
            Assert.Null(SuiteResult.Load(stem, first, "onnx 2"));
            Assert.Null(SuiteResult.Load(null, first, "onnx 1"));

            string file = Assert.Single(Directory.GetFiles(Path.GetDirectoryName(stem)!));
            File.WriteAllText(file, File.ReadAllText(file)[..20]);
            Assert.Null(SuiteResult.Load(stem, first, "onnx 1"));
            SuiteResult.Delete(stem, first);
            Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(stem)!));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
