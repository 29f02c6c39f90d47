using System.Reflection;

namespace NativeRetrieval.Cuda.Compilation;

/// <summary>A kernel file and the files that it may include, as texts.</summary>
/// <param name="Name">Without folder and extension, e.g. <c>l2_normalize</c>.</param>
/// <param name="Headers">Include name, e.g. <c>common/types.cuh</c>, and text; ordered by name.</param>
internal sealed record KernelSource(string Name, string Text, IReadOnlyList<(string Name, string Text)> Headers)
{
    const string Prefix = "kernels/";
    static readonly Assembly s_assembly = typeof(KernelSource).Assembly;
    static readonly Lazy<(string, string)[]> s_headers = new(() =>
        [.. Resources(".cuh").Select(name => (name[Prefix.Length..], Read(name)))]);

    /// <summary>Names of all embedded kernel files.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Resources(".cu").Select(name => name[Prefix.Length..^".cu".Length])];

    public string FileName => Name + ".cu";

    /// <summary>An embedded file of the repository's folder <c>kernels</c>.</summary>
    public static KernelSource Embedded(string name) => new(name, Read($"{Prefix}{name}.cu"), s_headers.Value);

    static IEnumerable<string> Resources(string extension) =>
        s_assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(extension, StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    static string Read(string resource)
    {
        using var stream = s_assembly.GetManifestResourceStream(resource) ?? throw new ArgumentException($"no kernel file is embedded as {resource}");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}

/// <summary>What the driver loads, and what its entry points take.</summary>
/// <param name="Bytes">A cubin, or PTX text that ends with 0.</param>
/// <param name="Signatures">Of all entry points; empty where the compiler told none.</param>
internal sealed record KernelImage(byte[] Bytes, IReadOnlyList<KernelSignature> Signatures)
{
    /// <summary>The compiler's messages: warnings, and what each entry point uses. Empty for an image from disk.</summary>
    public string Log { get; init; } = "";
}
