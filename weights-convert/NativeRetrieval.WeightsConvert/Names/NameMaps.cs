using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.WeightsConvert.Names;

/// <summary>All name maps, read from this assembly.</summary>
public static class NameMaps
{
    const string Prefix = "Names/";

    static NameMaps()
    {
        var common = Read("common.json", NamesJson.Default.CommonDocument);
        (Wrappers, CommonIgnore, FrontEnds) = (common.Wrappers.ToFrozenSet(StringComparer.Ordinal), IgnoreRule.Of(common.Ignore),
            [.. common.FrontEnds.Select(form => form.ToForm())]);
        var architectures = ReadAll("Architectures/", NamesJson.Default.ArchitectureDocument)
            .Select(document => new Architecture(document)).ToDictionary(architecture => architecture.Name);
        All = [.. ReadAll("Maps/", NamesJson.Default.NameMapDocument).Select(document => new NameMap(document, architectures))];
    }

    /// <summary>All maps in alphabetical order.</summary>
    public static IReadOnlyList<NameMap> All { get; }

    /// <summary>Log-mel front ends that published encoders were trained with.</summary>
    public static IReadOnlyList<FrontEndForm> FrontEnds { get; }

    /// <summary>Words that training programs put around a model's names, without dots.</summary>
    internal static FrozenSet<string> Wrappers { get; }

    /// <summary>Tensors that training programs save beside the weights.</summary>
    internal static IReadOnlyList<IgnoreRule> CommonIgnore { get; }

    /// <summary>Names of all maps, separated by commas, for messages.</summary>
    public static string Names => string.Join(", ", All.Select(map => map.Name));

    /// <summary>The map of a name.</summary>
    /// <exception cref="OptionException">There is no map of this name; the message lists the names.</exception>
    public static NameMap Find(string name) =>
        All.FirstOrDefault(map => map.Name == name) ?? throw new OptionException($"there is no name map '{name}'; known are {Names}");

    /// <summary>The front end of a name.</summary>
    /// <exception cref="OptionException">There is no front end of this name; the message lists the names.</exception>
    public static FrontEndForm FindFrontEnd(string name) => FrontEnds.FirstOrDefault(form => form.Name == name)
        ?? throw new OptionException($"there is no front end '{name}'; known are {string.Join(", ", FrontEnds.Select(form => form.Name))}");

    static IEnumerable<T> ReadAll<T>(string folder, JsonTypeInfo<T> type) =>
        typeof(NameMaps).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix + folder, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).Select(name => Read(name[Prefix.Length..], type));

    static T Read<T>(string name, JsonTypeInfo<T> type)
    {
        using var stream = typeof(NameMaps).Assembly.GetManifestResourceStream(Prefix + name)!;
        return JsonSerializer.Deserialize(stream, type)!;
    }
}
