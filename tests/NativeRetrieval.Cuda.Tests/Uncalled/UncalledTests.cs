using NativeRetrieval.Cuda.Compilation;
using NativeRetrieval.Cuda.Interop.Driver;
using NativeRetrieval.Cuda.Tests.Symbols;

namespace NativeRetrieval.Cuda.Tests.Uncalled;

/// <summary>Native imports, kernel entry points and kernel headers that the library never uses: none, but those that wait.</summary>
public class UncalledTests
{
    /// <summary>
    /// Parts for training in 16 bits and for captured steps, which only a GPU can judge. Whoever uses one takes it out of the list.
    /// </summary>
    static readonly string[] _waiting =
    [
        // Kernels of 16-bit types.
        "l2_normalize_forward_bf16", "l2_normalize_forward_f16", "l2_normalize_backward_bf16", "l2_normalize_backward_f16",
        "softmax_forward_bf16", "softmax_forward_f16", "softmax_backward_bf16", "softmax_backward_f16",
        "spec_augment_forward_bf16", "spec_augment_forward_f16",
    ];

    [Fact]
    public void Nothing_is_uncalled_but_what_waits()
    {
        string[] uncalled = [.. Uncalled()];
        string forgotten = string.Join(", ", uncalled.Except(_waiting)), stale = string.Join(", ", _waiting.Except(uncalled));
        Assert.True(forgotten.Length == 0, $"the library never uses {forgotten}: call or delete it");
        Assert.True(stale.Length == 0, $"{stale} is used now, or gone: take it out of the list of what waits");
    }

    [Fact]
    public void Entry_points_are_read_from_functions_and_from_macros()
    {
        const string text = """
            // extern "C" __global__ void in_a_comment(float* y)
            extern "C" __global__ void __launch_bounds__(Warps * 32) a_forward_f32(
                const float* x) { }
            __device__ void no_entry_point(float* y) { }
            #define ENTRY_POINTS(T) \
                extern "C" __global__ void a_scale_##T(T* y) { } \
                extern "C" __global__ void __launch_bounds__(256) a_shift_##T(T* y) { }
            ENTRY_POINTS(f32)
            ENTRY_POINTS(bf16)

            """;
        Assert.Equal(["a_forward_f32", "a_scale_f32", "a_shift_f32", "a_scale_bf16", "a_shift_bf16"], KernelTexts.EntryPoints(text));
    }

    [Fact]
    public void Holes_of_interpolated_strings_stand_for_any_word()
    {
        const string text = """
            F("a \" quote", $"rows_{(n == 1 ? "one" : "several")}_{(x ? "f32" : "bf16")}", ""); // "in a comment"
            G("plain");
            """;
        Assert.Equal(["a \\\" quote", "rows_*_*", "", "plain"], KernelTexts.Strings(text));
    }

    /// <summary>A handle that nobody makes counts for nothing: neither its maker nor its destructor is a caller.</summary>
    [Fact]
    public void A_method_that_only_uncalled_methods_call_is_uncalled()
    {
        var graph = new CallGraph([typeof(Program), typeof(Handle), typeof(Orphan)], type => type == typeof(Program));
        Assert.True(graph.Reaches(typeof(Handle).GetMethod(nameof(Handle.Close))!));
        Assert.True(graph.Reaches(typeof(Handle).GetMethod(nameof(Handle.Destroy))!));
        Assert.False(graph.Reaches(typeof(Orphan).GetMethod(nameof(Orphan.Make))!));
        Assert.False(graph.Reaches(typeof(Orphan).GetMethod(nameof(Orphan.Destroy))!));
    }

    static IEnumerable<string> Uncalled()
    {
        var types = typeof(DriverApi).Assembly.GetTypes();
        var graph = new CallGraph(types, type => type.Namespace?.StartsWith(InteropNamespace, StringComparison.Ordinal) != true);
        var imports = BoundFunction.In(typeof(DriverApi).Assembly).Where(function => !graph.Reaches(function.Managed));
        var uses = KernelTexts.Uses();
        var entryPoints = KernelSource.Names.SelectMany(name => KernelTexts.EntryPoints(KernelSource.Embedded(name).Text))
            .Where(name => !uses.Exists(use => use.IsMatch(name)));
        return imports.Select(function => function.Name).Concat(entryPoints).Concat(KernelTexts.UnusedHeaders());
    }

    const string InteropNamespace = "NativeRetrieval.Cuda.Interop";

    static class Program
    {
        public static void Run()
        {
            Handle handle = new();
            Action close = handle.Close;
            close();
        }
    }

    class Handle
    {
        public void Close()
        {
        }

        public virtual void Destroy()
        {
        }
    }

    sealed class Orphan : Handle
    {
        public static Orphan Make() => new();

        public override void Destroy()
        {
        }
    }
}
