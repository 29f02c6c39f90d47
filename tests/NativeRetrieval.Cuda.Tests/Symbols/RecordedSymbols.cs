using System.Text.Json.Nodes;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Cuda.Tests.Symbols;

/// <summary>The committed facts of NVIDIA's headers and libraries about the bound names.</summary>
internal sealed class RecordedSymbols(JsonObject json)
{
    public const string Folder = "cuda-symbols";

    public static string ExtractPath => Path.Combine(Fixtures.RepositoryRoot, "tests", "fixtures", Folder, "bound.json");

    public static RecordedSymbols Load() => new(JsonNode.Parse(File.ReadAllText(ExtractPath))!.AsObject());

    public JsonObject? Function(string name) => json["functions"]![name]?.AsObject();

    /// <summary>The name under which today's headers export a plain one; null where it is itself exported.</summary>
    public JsonNode? ExportedAs(string plainName) => json["names"]![plainName];

    public JsonObject? Type(string name) => json["types"]![name]?.AsObject();

    public JsonObject? Enum(string name) => json["enums"]![name]?.AsObject();

    public JsonObject? Struct(string name) => json["structs"]![name]?.AsObject();

    public JsonNode? Macro(string name) => json["macros"]![name];

    /// <summary>The bytes of a cublasLt attribute that the libraries of two versions answered.</summary>
    public IEnumerable<int?> AttributeBytes(string enumName, string member) =>
        json["lt_attributes"]![enumName]![member]!.AsObject().Where(field => field.Key != "id")
            .Select(field => (int?)field.Value?["bytes"]);

    /// <summary>Export lists of a library, e.g. of <c>cudnn</c>: <c>libcudnn.so.9-9.10.2.21-cuda12</c> and the names in it.</summary>
    public IEnumerable<(string List, HashSet<string> Names)> Exports(string library) =>
        json["exports"]!.AsObject().Where(list => list.Key.StartsWith($"lib{library}.so", StringComparison.Ordinal))
            .Select(list => (list.Key, list.Value!.AsArray().Select(name => (string)name!).ToHashSet()));
}
