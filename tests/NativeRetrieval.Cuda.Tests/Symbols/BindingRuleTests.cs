using System.Runtime.InteropServices;
using NativeRetrieval.Cuda.Interop;
using NativeRetrieval.Cuda.Interop.Cublas;
using NativeRetrieval.Cuda.Interop.Driver;

namespace NativeRetrieval.Cuda.Tests.Symbols;

/// <summary>Each rule catches its offence: wrong bindings, which are never called.</summary>
public unsafe class BindingRuleTests
{
    static readonly Lazy<BindingRules> _rules = new(() => new(RecordedSymbols.Load()));

    static class Wrong
    {
        [DllImport("cuda", EntryPoint = nameof(cuMemAlloc))]
        public static extern DriverResult cuMemAlloc(out uint address, uint bytes);

        [DllImport("cuda", EntryPoint = nameof(cuMemAlloc_v2))]
        public static extern DriverResult cuMemAlloc_v2(out nint address, uint bytes);

        [DllImport("cuda", EntryPoint = nameof(cuMemsetD8Async))]
        public static extern DriverResult cuMemsetD8Async(nint target, nuint count, byte value, nint stream);

        [DllImport("cuda", EntryPoint = nameof(cuDeviceGetCount))]
        public static extern DriverResult cuDeviceGetCount(out int count, int more);

        [DllImport("cuda", EntryPoint = nameof(cuDeviceGetAttribute))]
        public static extern DriverResult cuDeviceGetAttribute(int* value, FunctionAttribute attribute, int device);

        [DllImport("cuda", EntryPoint = nameof(cuEventSynchronize))]
        public static extern DriverResult cuEventSynchronize(StreamHandle @event);

        [DllImport("cuda", EntryPoint = nameof(cuGetErrorName))]
        public static extern int cuGetErrorName(DriverResult error, byte** name);

        [DllImport("nvrtc", EntryPoint = nameof(cuInit))]
        public static extern DriverResult cuInit(uint flags);

        [DllImport("cuda", EntryPoint = nameof(cuEventElapsedTime))]
        public static extern DriverResult cuEventElapsedTime(float* milliseconds, nint start, nint end);
    }

    [NativeName("CUfunction_attribute")]
    enum WrongValue
    {
        [NativeName("CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES")] Bytes = 5,
    }

    [NativeName("CUfunction_attribute")]
    enum WrongName
    {
        [NativeName("CU_FUNC_ATTRIBUTE_DYNAMIC_SHARED_BYTES")] Bytes = 8,
    }

    [NativeName("CUfunction_attribute")]
    enum WrongSize : byte
    {
        [NativeName("CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES")] Bytes = 8,
    }

#pragma warning disable CS0649 // only its layout is looked at
    [NativeName("cublasLtMatmulHeuristicResult_t")]
    struct WrongOrder
    {
        [NativeName("algo")] public MatmulAlgorithm Algorithm;
        [NativeName("state")] public int State;
        [NativeName("workspaceSize")] public nuint WorkspaceBytes;
        [NativeName("wavesCount")] public float Waves;
    }
#pragma warning restore CS0649

    [Theory]
    [InlineData("cuMemAlloc", "no header or library has it")]
    [InlineData("cuMemAlloc_v2", "4 bytes are passed")]
    [InlineData("cuMemsetD8Async", "parameter 1 (count): 8 bytes are passed")]
    [InlineData("cuDeviceGetCount", "2 parameters, C has 1")]
    [InlineData("cuDeviceGetAttribute", "FunctionAttribute is not CUdevice_attribute")]
    [InlineData("cuEventSynchronize", "is not a plain value")]
    [InlineData("cuGetErrorName", "returns Int32 is not CUresult")]
    [InlineData("cuInit", "imported from nvrtc, lives in cuda")]
    [InlineData("cuEventElapsedTime", "the header of 13.0 lacks it")]
    public void A_wrong_import(string name, string problem)
    {
        var function = BoundFunction.In(typeof(Wrong)).Single(function => function.Name == name);
        Assert.Contains(problem, string.Join("\n", _rules.Value.Function(function)));
    }

    [Theory]
    [InlineData(typeof(WrongValue), "is 5, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES is 8")]
    [InlineData(typeof(WrongName), "has no CU_FUNC_ATTRIBUTE_DYNAMIC_SHARED_BYTES")]
    [InlineData(typeof(WrongSize), "C enums have 4 bytes")]
    public void A_wrong_enum(Type type, string problem) => Assert.Contains(problem, string.Join("\n", _rules.Value.Enum(type)));

    [Fact]
    public void A_wrong_struct()
    {
        string problems = string.Join("\n", _rules.Value.Struct(typeof(WrongOrder)));
        Assert.Contains("State: stands where C has workspaceSize", problems);
        Assert.Contains("WorkspaceBytes: stands where C has state", problems);
        Assert.Contains("State: 4 bytes, C has 8", problems);
        Assert.Contains("88 bytes, C has 96", problems);
        Assert.Contains("4 fields, C has 5", problems);
    }
}
