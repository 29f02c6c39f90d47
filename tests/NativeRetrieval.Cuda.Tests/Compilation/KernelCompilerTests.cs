using NativeRetrieval.Cuda.Compilation;
using NativeRetrieval.Cuda.Errors;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Cuda.Tests.Compilation;

/// <summary>The compiler's errors, and what it takes from its cache.</summary>
public sealed class KernelCompilerTests : IDisposable
{
    static readonly KernelSource _source = new(
        "sample",
        "#include \"common/one.cuh\"\nextern \"C\" __global__ void sample_forward_f32(float* y) { y[threadIdx.x] = ONE; }\n",
        [("common/one.cuh", "#define ONE 1.0f\n")]);
    static readonly KernelTarget _target = new(80, IsPtx: false);
    const string CompilerIdentity = "NVRTC 12.4";

    static readonly Version _nvrtc = new(12, 4);

    readonly TemporaryFolder _folder = new();
    int _compilations;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_wrong_text_is_refused_with_file_line_and_log()
    {
        var compiler = Compiler();
        var wrong = _source with { Text = "extern \"C\" __global__ void sample() { unheard(); }" };
        var error = Assert.Throws<KernelCompilationException>(() => compiler.Compile(wrong, _target));
        Assert.Contains("sample.cu does not compile for sm_80", error.Message);
        Assert.Contains("sample.cu(1)", error.Message);
        Assert.Contains("unheard", error.Message);
    }

    [Fact]
    public void Ptx_is_text_for_the_driver()
    {
        var image = Compiler().Compile(_source, new(80, IsPtx: true));
        Assert.Contains(".target sm_80", System.Text.Encoding.ASCII.GetString(image.Bytes));
        Assert.Equal(0, image.Bytes[^1]);
    }

    [Fact]
    public void The_log_tells_spills_and_shared_memory()
    {
        string text = """
            extern "C" __global__ void __launch_bounds__(1024, 2) sample_spill(float* y)
            {
                __shared__ float s[64];
                float v[96];
                for (int i = 0; i < 96; i++) v[i] = y[i * 7 + threadIdx.x];
                s[threadIdx.x & 63] = v[3];
                __syncthreads();
                for (int k = 0; k < 96; k++)
                    for (int i = 0; i < 96; i++) v[i] = v[i] * v[(i + 31) % 96] + s[k & 63];
                for (int i = 0; i < 96; i++) y[i * 5 + threadIdx.x] = v[i];
            }
            """;
        var used = Assert.Single(KernelResources.Parse(Compiler().Compile(_source with { Text = text }, _target).Log));
        Assert.Equal("sample_spill", used.EntryPoint);
        Assert.Equal(256, used.SharedBytes);
        Assert.InRange(used.SpillBytes, 1, 100_000);
        Assert.Equal(2, new KernelBudget(used.Registers - 1, 0, 256).Excess(used).Count());
    }

    [Fact]
    public void A_log_is_read_entry_by_entry()
    {
        const string log = """
            ptxas info    : 0 bytes gmem
            ptxas info    : Compiling entry function 'a_forward_f32' for 'sm_90'
            ptxas info    : Function properties for a_forward_f32
                0 bytes stack frame, 8 bytes spill stores, 12 bytes spill loads
            ptxas info    : Used 32 registers, used 1 barriers, 128 bytes smem, 380 bytes cmem[0]
            ptxas info    : Compiling entry function 'b_forward_f32' for 'sm_90'
            ptxas info    : Used 10 registers, 368 bytes cmem[0]
            """;
        Assert.Equal([new("a_forward_f32", 32, 20, 128), new("b_forward_f32", 10, 0, 0)], KernelResources.Parse(log));
    }

    [Theory]
    [InlineData(90, "sm_90")]
    [InlineData(121, "compute_90")]
    [InlineData(87, "compute_86")]
    public void Machine_code_where_the_compiler_knows_the_GPU_else_PTX(int architecture, string target) =>
        Assert.Equal(target, KernelTarget.For(architecture, [75, 80, 86, 90], _nvrtc).Name);

    [Fact]
    public void A_GPU_older_than_the_compiler_is_refused_with_advice() =>
        Assert.Contains("7.0 is older than what NVRTC 13.2 compiles for (7.5",
            Assert.Throws<CudaUnavailableException>(() => KernelTarget.For(70, [75, 80], new(13, 2))).Message);

    [Fact]
    public void A_second_start_compiles_nothing()
    {
        var cache = new KernelCache(_folder["kernels"]);
        Assert.Equal([1, 2, 3], Get(cache));
        Assert.Equal([1, 2, 3], Get(new KernelCache(_folder["kernels"])));
        Assert.Equal(1, _compilations);
    }

    [Fact]
    public void Text_header_architecture_and_compiler_version_each_make_another_entry()
    {
        var cache = new KernelCache(_folder["kernels"]);
        string[] paths =
        [
            cache.PathOf(_source, _target, CompilerIdentity),
            cache.PathOf(_source with { Text = _source.Text + " " }, _target, CompilerIdentity),
            cache.PathOf(_source with { Headers = [("common/one.cuh", "#define ONE 2.0f\n")] }, _target, CompilerIdentity),
            cache.PathOf(_source, new(90, IsPtx: false), CompilerIdentity),
            cache.PathOf(_source, new(80, IsPtx: true), CompilerIdentity),
            cache.PathOf(_source, _target, "NVRTC 12.8"),
        ];
        Assert.Equal(paths.Length, paths.Distinct().Count());
    }

    [Theory]
    [InlineData(5)]
    [InlineData(-1)]
    [InlineData(0)]
    public void A_damaged_entry_is_built_again(int offset)
    {
        var cache = new KernelCache(_folder["kernels"]);
        Get(cache);
        string path = cache.PathOf(_source, _target, CompilerIdentity);
        byte[] bytes = File.ReadAllBytes(path);
        bytes[offset < 0 ? ^1 : offset] ^= 1;
        File.WriteAllBytes(path, bytes);
        Assert.Equal([1, 2, 3], Get(cache));
        Assert.Equal(2, _compilations);
        File.WriteAllBytes(path, bytes[..10]);
        Assert.Equal([1, 2, 3], Get(cache));
        Get(cache);
        Assert.Equal(3, _compilations);
    }

    [Fact]
    public void A_folder_that_cannot_be_written_only_costs_time()
    {
        File.WriteAllText(_folder["file"], "");
        Assert.Equal([1, 2, 3], Get(new KernelCache(_folder["file"])));
    }

    [Fact]
    public void Signatures_are_read_from_PTX_and_kept_with_the_image()
    {
        string text = """
            struct pair { float a, b; };
            extern "C" __global__ void sample_all(float* y, int a, float b, long long c, double d, unsigned e) { y[a] = b + c + d + e; }
            extern "C" __global__ void sample_odd(char c, pair p, float* y) { y[0] = c + p.a; }
            """;
        var image = Compiler().Compile(_source with { Text = text }, _target);
        string[] expected = ["sample_all Word64 Word32 Float32 Word64 Float64 Word32", "sample_odd Other Other Word64"];
        Assert.Equal(expected, image.Signatures.Select(signature => signature.ToString()).Order(StringComparer.Ordinal));
        var cache = new KernelCache(_folder["kernels"]);
        cache.GetOrAdd(_source, _target, CompilerIdentity, () => image);
        var stored = cache.GetOrAdd(_source, _target, CompilerIdentity, () => throw new InvalidOperationException("it is stored"));
        Assert.Equal(image.Bytes, stored.Bytes);
        Assert.Equal(image.Signatures.Select(signature => signature.ToString()),
            stored.Signatures.Select(signature => signature.ToString()));
    }

    /// <summary>Forms that compilers of CUDA 12 and 13 write, and one that none does yet.</summary>
    [Theory]
    [InlineData(".param .u64 sample_param_0,\n\t.param .u32 sample_param_1,\n\t.param .f32 sample_param_2\n",
        "sample Word64 Word32 Float32")]
    [InlineData(".param .u64 .ptr .align 1 sample_param_0,\n\t.param .b32 sample_param_1", "sample Word64 Word32")]
    [InlineData(".param .u64 .ptr .global .align 4 sample_param_0,\n\t.param .f64 sample_param_1", "sample Word64 Float64")]
    [InlineData(".param .u64 .ptr.global.align 16 sample_param_0", "sample Word64")]
    [InlineData(".param .align 8 .b8 sample_param_0[16],\n\t.param .s64 sample_param_1", "sample Other Word64")]
    [InlineData(".param .u64 .new_form sample_param_0,\n\t.param .u32 sample_param_1", null)]
    public void Parameters_are_read_in_every_form_or_not_at_all(string parameters, string? expected)
    {
        var signatures = KernelSignature.OfPtx($".visible .entry sample(\n\t{parameters}\n)\n.maxntid 256, 1, 1\n{{\n\tret;\n}}\n")
            .ToList();
        if (expected is null) Assert.Empty(signatures);
        else Assert.Equal(expected, Assert.Single(signatures).ToString());
    }

    byte[] Get(KernelCache cache) => cache.GetOrAdd(_source, _target, CompilerIdentity, () =>
    {
        _compilations++;
        return new([1, 2, 3], []);
    }).Bytes;

    static KernelCompiler Compiler()
    {
        Assert.SkipWhen(CudaTestLibraries.Folder(CudaTestLibraries.Newer) is null, CudaTestLibraries.WhyAbsent(CudaTestLibraries.Newer));
        return new KernelCompiler();
    }
}
