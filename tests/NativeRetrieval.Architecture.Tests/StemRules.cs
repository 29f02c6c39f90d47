using System.Text.RegularExpressions;

namespace NativeRetrieval.Architecture.Tests;

/// <summary>
/// One stem per op: its public method, its slice of the backend, the two halves, the kernel file and the case lie under one name. Every
/// rule returns one line per violation.
/// </summary>
internal static partial class StemRules
{
    public const string Ops = "src/NativeRetrieval.Core/Ops/", Cpu = "src/NativeRetrieval.Core/Cpu/";
    public const string Cuda = "src/NativeRetrieval.Cuda/Backend/";
    public const string Cases = "tests/NativeRetrieval.OpCases/Cases/", Kernels = "kernels/";

    /// <summary>Ops that launch no kernel of their own, each with the reason.</summary>
    public static readonly Dictionary<string, string> WithoutKernel = new()
    {
        ["Concat"] = "copies of whole tensors, by the driver",
        ["Conv2d"] = "cuDNN's convolutions",
        ["Dot"] = "Sum's kernel with a second factor",
        ["Int8Linear"] = "the CPU's alone; a GPU refuses it",
    };

    /// <summary>Files beside the ops in their folders.</summary>
    static readonly Dictionary<string, string[]> _others = new()
    {
        [Ops] = ["Op", "Expect"], [Cpu] = ["CpuBackend"], [Cuda] = ["CudaBackend"], [Cases] = ["Formulas"], [Kernels] = [],
    };

    /// <summary>The stem of a method: of two that its name begins with, the longer one.</summary>
    public static string? StemOf(string method, IEnumerable<string> stems) =>
        stems.Where(stem => method.StartsWith(stem, StringComparison.Ordinal)).MaxBy(stem => stem.Length);

    /// <summary>The stems of the files that lie in a folder itself, not below it.</summary>
    public static IEnumerable<string> StemsIn(string folder, IEnumerable<SourceFile> files) =>
        files.Where(file => file.Path.StartsWith(folder, StringComparison.Ordinal) && file.Path.IndexOf('/', folder.Length) < 0)
            .Where(file => file.IsCSharp || file.Name.EndsWith(".cu", StringComparison.Ordinal))
            .Select(file => Path.GetFileNameWithoutExtension(file.Name)).Except(_others[folder]);

    public static string Snake(string stem) => WordStart().Replace(stem, "_$0").ToLowerInvariant();

    /// <summary>Every file of a folder of ops is named for an op.</summary>
    public static IEnumerable<string> NotAnOp(string folder, IReadOnlyList<SourceFile> files, IReadOnlyCollection<string> methods)
    {
        string[] names = [.. folder == Kernels ? methods.Select(Snake) : methods];
        return StemsIn(folder, files).Except(names).Select(stem => $"{folder}{stem}: no method of Op has this name");
    }

    /// <summary>A member of the backend is declared in its op's file and implemented in both halves of the same stem.</summary>
    public static IEnumerable<string> MemberElsewhere(string member, IReadOnlyList<SourceFile> files)
    {
        if (StemOf(member, StemsIn(Ops, files)) is not { } stem)
            return [$"IBackend.{member}: no file of {Ops} has a name that it begins with"];
        string implementation = $@"public [^\n]*\b{member}\(";
        return new[] { (Ops, $@"interface IBackend\b[\s\S]*\b{member}\("), (Cpu, implementation), (Cuda, implementation) }
            .Where(place => !Contains(files, $"{place.Item1}{stem}.cs", place.Item2))
            .Select(place => $"IBackend.{member}: not in {place.Item1}{stem}.cs");
    }

    /// <summary>A method of <c>Op</c> is declared in the file of its stem and has its case in the file of the same stem.</summary>
    public static IEnumerable<string> MethodElsewhere(string method, IReadOnlyList<SourceFile> files)
    {
        if (StemOf(method, StemsIn(Ops, files)) is not { } stem) return [$"Op.{method}: no file of {Ops} has a name that it begins with"];
        return new[] { (Ops, $@"static [^\n]*\b{method}\("), (Cases, $@"nameof\(Core\.Ops\.Op\.{method}\)") }
            .Where(place => !Contains(files, $"{place.Item1}{stem}.cs", place.Item2))
            .Select(place => $"Op.{method}: not in {place.Item1}{stem}.cs");
    }

    /// <summary>
    /// A kernel's entry points are its op's alone: launched from the CUDA half of the same stem and from nowhere else. Those of 16-bit
    /// types beside a launched one of float32 wait for the encoders in 16 bits.
    /// </summary>
    public static IEnumerable<string> LaunchedElsewhere(string stem, IReadOnlyList<SourceFile> files)
    {
        var kernel = files.SingleOrDefault(file => file.Path == $"{Kernels}{Snake(stem)}.cu");
        if (kernel is null)
            return WithoutKernel.ContainsKey(stem) ? []
                : [$"{stem}: no {Kernels}{Snake(stem)}.cu, and no reason in StemRules.WithoutKernel"];
        if (WithoutKernel.ContainsKey(stem)) return [$"{kernel.Path}: StemRules.WithoutKernel says that there is none"];
        string[] declared = [.. EntryPoints(kernel)];
        string[] launched = [.. Literals(files.Where(file => file.Path == $"{Cuda}{stem}.cs"))];
        string[] strangers = [.. files.Where(file => file.IsCSharp && file.IsUnder("src") && file.Path != $"{Cuda}{stem}.cs")
            .Where(file => Literals([file]).Intersect(declared).Any()).Select(file => file.Path)];
        return declared.Where(entry => !Regex.IsMatch(entry, $"^{Snake(stem)}_[a-z0-9_]+_(f32|bf16|f16)$"))
                .Select(entry => $"{kernel.Path}: {entry} is not {Snake(stem)}_<direction>_<dtype>")
            .Concat(declared.Except(launched).Where(entry => !launched.Contains(SixteenBits().Replace(entry, "_f32")))
                .Select(entry => $"{kernel.Path}: {entry} is not launched from {Cuda}{stem}.cs"))
            .Concat(launched.Where(name => name.StartsWith(Snake(stem) + "_", StringComparison.Ordinal)).Except(declared)
                .Select(name => $"{Cuda}{stem}.cs: {name} is no entry point of {kernel.Path}"))
            .Concat(strangers.Select(path => $"{path}: launches a kernel of {kernel.Path}; call the half in {Cuda}{stem}.cs"));
    }

    static IEnumerable<string> EntryPoints(SourceFile kernel)
    {
        string[] types = [.. Instance().Matches(kernel.Code).Select(match => match.Groups["type"].Value)];
        return EntryPoint().Matches(kernel.Code).SelectMany(match => match.Groups["generic"].Success
            ? types.Select(type => match.Groups["name"].Value + type) : [match.Groups["name"].Value]);
    }

    static IEnumerable<string> Literals(IEnumerable<SourceFile> files) =>
        files.SelectMany(file => Literal().Matches(file.Code).Select(match => match.Groups[1].Value));

    static bool Contains(IReadOnlyList<SourceFile> files, string path, string pattern) =>
        files.Any(file => file.Path == path && Regex.IsMatch(file.Code, pattern));

    [GeneratedRegex("(?<=[a-z0-9])[A-Z]")]
    private static partial Regex WordStart();

    [GeneratedRegex(@"__global__[^\n]*?\)?\s(?<name>[a-z][a-z0-9_]*)(?<generic>##T)?\(")]
    private static partial Regex EntryPoint();

    [GeneratedRegex(@"^ENTRY_POINTS?\((?<type>\w+)\)", RegexOptions.Multiline)]
    private static partial Regex Instance();

    [GeneratedRegex("\"([a-z0-9_]+)\"")]
    private static partial Regex Literal();

    [GeneratedRegex("_(bf16|f16)$")]
    private static partial Regex SixteenBits();
}
