using System.Reflection;

namespace NativeRetrieval.Cuda.Compilation;

/// <summary>A kernel file and the files that it may include, as texts.</summary>
/// <param name="Name">The file's name without folder and extension, e.g. <c>l2_normalize</c>.</param>
/// <param name="Headers">Names in include directives, e.g. <c>common/types.cuh</c>, and texts; ordered by name.</param>
internal sealed record KernelSource(string Name, string Text, IReadOnlyList<(string Name, string Text)> Headers)
{
    const string Prefix = "kernels/";
    static readonly Assembly _assembly = typeof(KernelSource).Assembly;
    static readonly Lazy<(string, string)[]> _headers = new(() =>
        [.. Resources(".cuh").Select(name => (name[Prefix.Length..], Read(name)))]);

    /// <summary>Names of all embedded kernel files.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Resources(".cu").Select(name => name[Prefix.Length..^".cu".Length])];

    public string FileName => Name + ".cu";

    /// <summary>The kernel file of this name, as the assembly carries it.</summary>
    public static KernelSource Embedded(string name) => new(name, Read($"{Prefix}{name}.cu"), _headers.Value);

    static IEnumerable<string> Resources(string extension) =>
        _assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(extension, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);

    static string Read(string resource)
    {
        using var stream = _assembly.GetManifestResourceStream(resource)
            ?? throw new ArgumentException($"no kernel file is embedded as {resource}");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}

/// <summary>A compiled kernel file: the image that the driver loads, and the parameters of its entry points.</summary>
/// <param name="Bytes">A cubin, or PTX text that ends with 0.</param>
/// <param name="Signatures">The signatures of its entry points; empty where the compiler told none.</param>
internal sealed record KernelImage(byte[] Bytes, IReadOnlyList<KernelSignature> Signatures)
{
    /// <summary>The compiler's messages: warnings, and what each entry point uses. Empty for an image from disk.</summary>
    public string Log { get; init; } = "";
}
