using System.Runtime.InteropServices;
using NativeRetrieval.Cuda.Interop.Nccl;

namespace NativeRetrieval.Cuda.Tests.Libraries;

/// <summary>
/// Real NCCL libraries, which neither Debian nor NuGet has: NATIVERETRIEVAL_TEST_NCCL names files of as many versions as are at hand, with
/// colons between (each <c>nvidia/nccl/lib/libnccl.so.2</c> of a wheel nvidia-nccl-cu12 from 2.18 to 2.30).
/// </summary>
public sealed class RealNcclTests
{
    const string Variable = "NATIVERETRIEVAL_TEST_NCCL";

    [Fact]
    public unsafe void Every_bound_function_is_exported_in_every_version()
    {
        string named = Environment.GetEnvironmentVariable(Variable) ?? "";
        Assert.SkipWhen(named.Length == 0, $"no libnccl is here; {Variable} names files of it");
        foreach (string path in named.Split(Path.PathSeparator))
        {
            nint library = NativeLibrary.Load(path);
            Assert.All(NcclApi.Names, name => Assert.True(NativeLibrary.TryGetExport(library, name, out _), $"{path} lacks {name}"));
            int version;
            Assert.Equal(0, ((delegate* unmanaged<int*, int>)NativeLibrary.GetExport(library, "ncclGetVersion"))(&version));
            Assert.InRange(version, 21800, 23099);
            TestContext.Current.SendDiagnosticMessage("{0}: version {1} has all of {2}", path, version, string.Join(", ", NcclApi.Names));
        }
    }
}
