using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using NativeRetrieval.Cuda.Interop;

namespace NativeRetrieval.Cuda.Tests.Symbols;

/// <summary>
/// The making of <c>tests/fixtures/cuda-symbols/bound.json</c>: of everything recorded about NVIDIA's libraries, the part about names
/// that an assembly binds. <c>NATIVERETRIEVAL_UPDATE_GOLDEN=1</c> writes it anew.
/// </summary>
internal static class SymbolExtract
{
    /// <param name="folder">The whole recorded set: signatures.json, enums.json, exports/.</param>
    public static JsonObject Make(string folder, Assembly assembly)
    {
        var signatures = Read(folder, "signatures.json");
        var enums = Read(folder, "enums.json");
        var functions = BoundFunction.In(assembly).Select(function => function.Name).Order(StringComparer.Ordinal).ToList();
        Type[] types = [.. NamedTypes(assembly).OrderBy(NameOf, StringComparer.Ordinal)];
        Type[] enumTypes = [.. types.Where(type => type.IsEnum)];
        var structs = types.Where(type => type.IsValueType && !type.IsEnum);
        var recorded = Pick(signatures["functions"]!, functions, "library", "ret", "params", "differs");
        return new JsonObject
        {
            ["note"] = "Facts about NVIDIA's libraries, 11.8 to 13.2 and cuDNN 9.10 to 9.28: names, values, sizes. "
                + "Made by SymbolExtract.cs from the recorded set; "
                + "differs: header version -> what it says instead, null where it lacks the name.",
            ["functions"] = recorded,
            ["names"] = Pick(signatures["names"]!, functions),
            ["exports"] = Exports(folder, functions),
            ["types"] = Pick(signatures["types"]!, TypesOf(recorded)),
            ["enums"] = new JsonObject(enumTypes.Select(type => Enum(type, enums["enums"]!.AsObject()))
                .OfType<KeyValuePair<string, JsonNode?>>()),
            ["macros"] = Pick(enums["macros"]!["cuda"]!, enumTypes.SelectMany(SymbolExtract.MembersOf).Order(StringComparer.Ordinal)),
            ["structs"] = Pick(signatures["structs"]!, structs.Select(NameOf), "size", "fields", "differs"),
            ["lt_attributes"] = new JsonObject(Read(folder, "lt-attributes.json").Where(item => item.Value is JsonObject)
                .Select(item => KeyValuePair.Create(item.Key, (JsonNode?)Pick(item.Value!, MembersOf(item.Key))))),
        };

        IEnumerable<string> MembersOf(string enumName) =>
            enumTypes.Where(type => NameOf(type) == enumName).SelectMany(SymbolExtract.MembersOf).Order(StringComparer.Ordinal);
    }

    public static string Text(JsonObject extract) =>
        extract.ToJsonString(new JsonSerializerOptions { WriteIndented = true, IndentSize = 1, NewLine = "\n" }) + "\n";

    /// <summary>All types with a C name. Generic structs stand here as the imports use them.</summary>
    public static IEnumerable<Type> NamedTypes(Assembly assembly) => BoundFunction.In(assembly)
        .SelectMany(function => function.Managed.GetParameters()).Select(parameter => parameter.ParameterType.GetElementType())
        .OfType<Type>().Where(type => type.IsConstructedGenericType).Distinct()
        .Concat(assembly.GetTypes().Where(type => !type.IsGenericTypeDefinition))
        .Where(type => type.GetCustomAttribute<NativeNameAttribute>() is not null);

    /// <summary>The C name; in that of a generic struct, {0} is its argument's without _t. Empty where there is none.</summary>
    public static string NameOf(MemberInfo member)
    {
        string name = member.GetCustomAttribute<NativeNameAttribute>()?.Name ?? "";
        if (member is not Type { IsConstructedGenericType: true } type) return name;
        return name.Replace("{0}", NameOf(type.GenericTypeArguments[0])[..^2]);
    }

    public static IEnumerable<string> MembersOf(Type enumType) =>
        enumType.GetFields(BindingFlags.Public | BindingFlags.Static).Select(NameOf);

    static JsonObject Read(string folder, string file) => JsonNode.Parse(File.ReadAllText(Path.Combine(folder, file)))!.AsObject();

    static IEnumerable<string> TypesOf(JsonObject functions) => functions
        .SelectMany(function => function.Value!["params"]!.AsArray()
            .Select(parameter => (string)parameter![0]!).Append((string)function.Value["ret"]!))
        .Select(text => CType.Parse(text).Base).Distinct().Order(StringComparer.Ordinal);

    static KeyValuePair<string, JsonNode?>? Enum(Type type, JsonObject enums)
    {
        if (enums[NameOf(type)] is not JsonObject recorded) return null;
        var members = MembersOf(type).Order(StringComparer.Ordinal).ToList();
        var picked = new JsonObject { ["values"] = Pick(recorded["values"]!, members) };
        if (recorded["differs"] is { } differs && Pick(differs, members) is { Count: > 0 } some) picked["differs"] = some;
        return new(NameOf(type), picked);
    }

    static JsonObject Exports(string folder, List<string> functions)
    {
        var lists = new JsonObject();
        foreach (string file in Directory.EnumerateFiles(Path.Combine(folder, "exports")).Order(StringComparer.Ordinal))
        {
            string[] names = [.. File.ReadAllLines(file).Intersect(functions).Order(StringComparer.Ordinal)];
            bool isShim = !Path.GetFileName(file).Contains('_');
            if (names.Length > 0 && isShim)
                lists[Path.GetFileNameWithoutExtension(file)] = new JsonArray([.. names.Select(name => (JsonNode)name)]);
        }
        return lists;
    }

    static JsonObject Pick(JsonNode from, IEnumerable<string> names, params string[] fields)
    {
        var picked = new JsonObject();
        foreach (string name in names)
        {
            if (from[name] is not { } node) continue;
            picked[name] = fields.Length == 0
                ? node.DeepClone()
                : new JsonObject(node.AsObject().Where(field => fields.Contains(field.Key))
                    .Select(field => KeyValuePair.Create(field.Key, field.Value?.DeepClone())));
        }
        return picked;
    }
}
