using System.Text.Json.Serialization;
using NativeRetrieval.Core.Features;

namespace NativeRetrieval.WeightsConvert.Names;

/// <summary>Reads the embedded files; <c>weights-convert/README.md</c> explains each member.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, UseStringEnumConverter = true)]
[JsonSerializable(typeof(ArchitectureDocument))]
[JsonSerializable(typeof(NameMapDocument))]
[JsonSerializable(typeof(CommonDocument))]
sealed partial class NamesJson : JsonSerializerContext;

/// <summary>Rules for all maps: <c>common.json</c>.</summary>
sealed record CommonDocument(string[] Wrappers, OrderedDictionary<string, string> Ignore, FrontEndDocument[] FrontEnds);

/// <summary>A front end by name.</summary>
sealed record FrontEndDocument(string Name, int SampleRateHz, int WindowSamples, int HopSamples, int MelBins, double MinHz, double MaxHz)
{
    public FrontEndForm ToForm() => new(Name, new LogMelSettings
    {
        SampleRateHz = SampleRateHz,
        WindowSamples = WindowSamples,
        HopSamples = HopSamples,
        MelBins = MelBins,
        MinHz = MinHz,
        MaxHz = MaxHz,
    });
}

/// <summary>A file of <c>Architectures</c>.</summary>
sealed record ArchitectureDocument(string Name, string Kind, string[] Widths,
    Dictionary<string, long> Sizes, Dictionary<string, string> Loops,
    OrderedDictionary<string, string> Tensors, OrderedDictionary<string, string> Ignore, Dictionary<string, string>? Aliases = null,
    OrderedDictionary<string, BufferKind>? Buffers = null);

/// <summary>One network of a map.</summary>
sealed record MapPartDocument(string Architecture, string Source, string Target, OrderedDictionary<string, string>? Names = null,
    OrderedDictionary<string, string[]>? Stacks = null);

/// <summary>A file of <c>Maps</c>.</summary>
sealed record NameMapDocument(string Name, string About, string[] Prefixes, MapPartDocument[] Parts, string[] Present, string[] Absent,
    OrderedDictionary<string, string> Ignore, string? Block6Pooling = null, FormSettings? Settings = null);
