using System.Reflection;
using NativeRetrieval.Core.Ops;

namespace NativeRetrieval.Architecture.Tests;

/// <summary>The rules of the stem, applied to this checkout, and each caught at its offence.</summary>
public class StemTests
{
    static readonly IReadOnlyList<SourceFile> _files = SourceTree.Files;

    static readonly string[] _members =
        [.. typeof(Op).Assembly.GetType("NativeRetrieval.Core.Ops.IBackend", throwOnError: true)!.GetMethods()
            .Select(method => method.Name)];

    /// <summary>Public and internal methods of <c>Op</c>; the compiler's own have names in angle brackets.</summary>
    static readonly string[] _methods =
        [.. typeof(Op).GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            .Where(method => (method.IsPublic || method.IsAssembly) && !method.Name.StartsWith('<'))
            .Select(method => method.Name).Distinct()];

    [Fact]
    public void Every_member_of_the_backend_lies_in_both_halves_under_its_ops_stem() =>
        Holds(_members, member => StemRules.MemberElsewhere(member, _files));

    [Fact]
    public void Every_method_of_Op_and_its_case_lie_under_one_stem() =>
        Holds(_methods, method => StemRules.MethodElsewhere(method, _files));

    [Fact]
    public void Every_kernel_is_launched_from_the_half_of_its_stem_alone() =>
        Holds(StemRules.StemsIn(StemRules.Ops, _files), stem => StemRules.LaunchedElsewhere(stem, _files));

    [Fact]
    public void Folders_of_ops_hold_ops_alone() =>
        Holds([StemRules.Ops, StemRules.Cpu, StemRules.Cuda, StemRules.Cases, StemRules.Kernels],
            folder => StemRules.NotAnOp(folder, _files, _methods));

    [Fact]
    public void Every_reason_for_no_kernel_is_of_an_op_that_exists() =>
        Assert.Empty(StemRules.WithoutKernel.Keys.Except(StemRules.StemsIn(StemRules.Ops, _files)));

    [Theory]
    [InlineData("AvgPool2d", "avg_pool2d")]
    [InlineData("L2Normalize", "l2_normalize")]
    [InlineData("Gelu", "gelu")]
    public void Kernels_are_named_in_snake_case(string stem, string kernel) => Assert.Equal(kernel, StemRules.Snake(stem));

    [Theory]
    [InlineData("AddRelu", "AddRelu")]
    [InlineData("AddInPlace", "Add")]
    [InlineData("Relu", null)]
    public void The_longer_stem_wins(string method, string? stem) => Assert.Equal(stem, StemRules.StemOf(method, ["Add", "AddRelu"]));

    /// <summary>A tree of one op, Add, in which one text is replaced, and the number of rules that are then broken.</summary>
    [Theory]
    [InlineData("", "", 0)]
    [InlineData("src/NativeRetrieval.Core/Ops/Add.cs", "static Tensor Add(Tensor a) => a;", 1)]
    [InlineData("src/NativeRetrieval.Core/Ops/Add.cs", "interface IBackend { void Add(Tensor a); }", 1)]
    [InlineData("src/NativeRetrieval.Core/Cpu/Add.cs", "// public void Add(Tensor a)", 1)]
    [InlineData("src/NativeRetrieval.Cuda/Backend/Add.cs", "public void Add(Tensor a) => Launch(\"add\", \"add_backward_f32\");", 3)]
    [InlineData("src/NativeRetrieval.Cuda/Backend/Other.cs", "Launch(\"add\", \"add_forward_f32\");", 2)]
    [InlineData("src/NativeRetrieval.Cuda/Backend/Libraries/Other.cs", "Launch(\"add\", \"add_forward_f32\");", 1)]
    [InlineData("src/NativeRetrieval.Core/Cpu/Elementwise.cs", "", 1)]
    [InlineData("tests/NativeRetrieval.OpCases/Cases/Add.cs", "nameof(Core.Ops.Op.AddRelu)", 1)]
    [InlineData("kernels/add.cu", "extern \"C\" __global__ void elementwise_add_f32(", 3)]
    [InlineData("kernels/elementwise.cu", "", 1)]
    public void Each_offence_is_caught(string path, string text, int violations)
    {
        var tree = new Dictionary<string, string>
        {
            ["src/NativeRetrieval.Core/Ops/Add.cs"] = "static Tensor Add(Tensor a) => a; interface IBackend { void Add(Tensor a); }",
            ["src/NativeRetrieval.Core/Cpu/Add.cs"] = "public void Add(Tensor a)",
            ["src/NativeRetrieval.Cuda/Backend/Add.cs"] = "public void Add(Tensor a) => Launch(\"add\", \"add_forward_f32\");",
            ["tests/NativeRetrieval.OpCases/Cases/Add.cs"] = "nameof(Core.Ops.Op.Add)",
            ["kernels/add.cu"] =
                "extern \"C\" __global__ void __launch_bounds__(256) add_forward_##T(const T* a)\nENTRY_POINT(f32)\nENTRY_POINT(bf16)",
        };
        if (path.Length > 0) tree[path] = text;
        List<SourceFile> files = [.. tree.Select(file => new SourceFile(file.Key, file.Value))];
        var found = StemRules.MemberElsewhere("Add", files)
            .Concat(StemRules.MethodElsewhere("Add", files))
            .Concat(StemRules.LaunchedElsewhere("Add", files))
            .Concat(((string[])[StemRules.Ops, StemRules.Cpu, StemRules.Cuda, StemRules.Cases, StemRules.Kernels])
                .SelectMany(folder => StemRules.NotAnOp(folder, files, ["Add"])));
        Assert.Equal(violations, found.Count());
    }

    static void Holds(IEnumerable<string> names, Func<string, IEnumerable<string>> rule)
    {
        string[] all = [.. names];
        Assert.NotEmpty(all);
        string violations = string.Join("\n", all.SelectMany(rule));
        Assert.True(violations.Length == 0, violations);
    }
}
