using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace NativeRetrieval.Cuda.Tests.Symbols;

/// <summary>The rules of an import, an enum and a struct. Every rule returns one line per violation.</summary>
internal sealed class BindingRules(RecordedSymbols recorded)
{
    /// <summary>The rule of a function: it exists under this very name, with these parameters, in every supported version.</summary>
    public IEnumerable<string> Function(BoundFunction function)
    {
        if (recorded.Function(function.Name) is not { } known)
        {
            yield return $"{function.Name}: no header or library has it";
            yield break;
        }
        if ((string)known["library"]! != function.Library)
            yield return $"{function.Name}: imported from {function.Library}, lives in {known["library"]}";
        foreach (string problem in Presence(function, known).Concat(Signature(function, known))) yield return $"{function.Name}: {problem}";
    }

    /// <summary>The rule of an enum: every bound enumerator has its recorded value, in all header versions.</summary>
    public IEnumerable<string> Enum(Type type)
    {
        if (System.Enum.GetUnderlyingType(type) is var storage && Marshal.SizeOf(storage) != 4)
            yield return $"{type.Name}: C enums have 4 bytes, {storage.Name} has not";
        string name = SymbolExtract.NameOf(type);
        var known = recorded.Enum(name);
        foreach (var field in type.GetFields(BindingFlags.Public | BindingFlags.Static))
        {
            string member = SymbolExtract.NameOf(field);
            var value = known is null ? recorded.Macro(member) : known["values"]![member];
            if (value is JsonObject macro) value = macro["value"];
            if (value is null) yield return $"{type.Name}.{field.Name}: {name} has no {member}";
            else if ((long)value != Convert.ToInt64(field.GetRawConstantValue()))
                yield return $"{type.Name}.{field.Name}: is {field.GetRawConstantValue()}, {member} is {value}";
            foreach (var (header, other) in known?["differs"]?[member]?.AsObject() ?? [])
                if (other is not null) yield return $"{type.Name}.{field.Name}: {member} is {other} in {header}";
        }
    }

    /// <summary>The rule of a struct: size, order, offset and width of every field are those of C.</summary>
    public IEnumerable<string> Struct(Type type)
    {
        if (recorded.Struct(SymbolExtract.NameOf(type)) is not { } known)
        {
            yield return $"{type.Name}: no header has {SymbolExtract.NameOf(type)}";
            yield break;
        }
        if (known["differs"] is not null)
            yield return $"{type.Name}: its layout differs between headers: {known["differs"]!.ToJsonString()}";
        if (SizeOf(type) != (int)known["size"]!) yield return $"{type.Name}: {SizeOf(type)} bytes, C has {known["size"]}";
        var fields = type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);
        var expected = known["fields"]!.AsArray();
        if (fields.Length != expected.Count) yield return $"{type.Name}: {fields.Length} fields, C has {expected.Count}";
        foreach (var (field, node) in fields.Zip(expected))
        {
            if (SymbolExtract.NameOf(field) != (string)node![0]!) yield return $"{type.Name}.{field.Name}: stands where C has {node[0]}";
            if (OffsetOf(type, field) != (int)node[1]!)
                yield return $"{type.Name}.{field.Name}: at {OffsetOf(type, field)}, C has {node[1]}";
            if (SizeOf(field.FieldType) != (int)node[2]!)
                yield return $"{type.Name}.{field.Name}: {SizeOf(field.FieldType)} bytes, C has {node[2]}";
        }
    }

    IEnumerable<string> Presence(BoundFunction function, JsonObject known)
    {
        var lists = recorded.Exports(function.Library).ToList();
        if (lists.Count == 0) yield return $"no export list of {function.Library}";
        if (function.IsOptional) yield break;
        foreach (var (list, names) in lists)
            if (!names.Contains(function.Name)) yield return $"{list} does not export it";
        foreach (var (header, other) in known["differs"]?.AsObject() ?? [])
            yield return other is null
                ? $"the header of {header} lacks it; mark it as optional"
                : $"the header of {header} says {other.ToJsonString()}";
        // A plain name that headers turn into a versioned one is the oldest form of the call.
        if (recorded.ExportedAs(function.Name) is { } exported)
            yield return $"headers turn this name into {exported.ToJsonString()}; bind that";
    }

    IEnumerable<string> Signature(BoundFunction function, JsonObject known)
    {
        if (ReturnProblem((string)known["ret"]!, function.Managed.ReturnType) is { } returned) yield return $"returns {returned}";
        var expected = known["params"]!.AsArray();
        var (managed, native) = (function.Managed.GetParameters(), function.Native.GetParameters());
        if (managed.Length != expected.Count || native.Length != expected.Count)
        {
            yield return $"{managed.Length} parameters, C has {expected.Count}";
            yield break;
        }
        for (int i = 0; i < expected.Count; i++)
        {
            string text = (string)expected[i]![0]!;
            var c = CType.Parse(text);
            if ((PassedProblem(c, native[i].ParameterType) ?? MeaningProblem(c, managed[i].ParameterType)) is { } problem)
                yield return $"parameter {i} ({managed[i].Name}): {problem}, C has {text} {expected[i]![1]}";
        }
    }

    /// <summary>The problem of a value in a register: another width, or a floating-point register instead of an integer one.</summary>
    string? PassedProblem(CType c, Type native)
    {
        int size = c.Pointers > 0 ? 8 : (int?)recorded.Type(c.Base)?["size"] ?? 0;
        bool real = c.Pointers == 0 && (string?)recorded.Type(c.Base)?["kind"] == "float";
        if (native.IsByRef || !(native.IsPointer || native.IsPrimitive || native.IsEnum)) return $"{native.Name} is not a plain value";
        int width = native.IsPointer ? 8 : SizeOf(native);
        if (width != size) return $"{width} bytes are passed";
        return real != native is { IsPrimitive: true } && (native == typeof(float) || native == typeof(double))
            ? $"{native.Name} travels in another register" : null;
    }

    /// <summary>The problem of a C# type: another enum, handle, element or sign than in C.</summary>
    string? MeaningProblem(CType c, Type managed)
    {
        bool address = managed == typeof(nint) || managed.IsPointer;
        if (c.Pointers == 0) return ValueProblem(c.Base, managed);
        if (c.Base == "void" && c.Pointers == 1) return address ? null : $"{managed.Name} is no address";
        if (c.Base == "char" && c.Pointers == 1)
            return managed == typeof(string) || managed == typeof(byte*) ? null : $"{managed.Name} is no text";
        if (!managed.IsByRef && !managed.IsPointer) return $"{managed.Name} is no pointer";
        var element = managed.GetElementType()!;
        if (c.Pointers == 1) return ValueProblem(c.Base, element);
        var expected = c.Base == "char" ? typeof(byte*) : typeof(void*);
        return element == expected ? null : $"points to {element.Name}";
    }

    string? ValueProblem(string c, Type managed)
    {
        if (recorded.Type(c) is not { } type) return $"{c} is not recorded";
        switch ((string)type["kind"]!)
        {
            case "enum":
                return managed.IsEnum && SymbolExtract.NameOf(managed) == c ? null : $"{managed.Name} is not {c}";
            case "pointer":
                bool isHandle = managed.IsAssignableTo(typeof(SafeHandle)) && SymbolExtract.NameOf(managed) == c;
                return managed == typeof(nint) || isHandle ? null : $"{managed.Name} is not {c}";
            case "struct":
                return SymbolExtract.NameOf(managed) == c ? null : $"{managed.Name} is not {c}";
            case "float":
                return managed == ((int)type["size"]! == 4 ? typeof(float) : typeof(double)) ? null : $"{managed.Name} is not {c}";
            default:
                var allowed = c switch
                {
                    "CUdeviceptr" => typeof(nint),
                    "size_t" => typeof(nuint),
                    "int" or "CUdevice" => typeof(int),
                    "unsigned int" => typeof(uint),
                    "unsigned char" => typeof(byte),
                    "unsigned short" => typeof(ushort),
                    "unsigned long long" or "uint64_t" => typeof(ulong),
                    "long long int" or "int64_t" => typeof(long),
                    _ => null,
                };
                var plain = managed.IsEnum && managed.GetCustomAttribute<FlagsAttribute>() is not null
                    ? System.Enum.GetUnderlyingType(managed) : managed;
                return plain == allowed ? null : $"{managed.Name} is not {c}";
        }
    }

    string? ReturnProblem(string c, Type managed)
    {
        var type = CType.Parse(c);
        if (type == new CType("void", 0)) return managed == typeof(void) ? null : $"{managed.Name}, C has void";
        if (type == new CType("char", 1)) return managed == typeof(byte*) ? null : $"{managed.Name}, C has {c}";
        return type.Pointers == 0 ? ValueProblem(type.Base, managed) : $"{managed.Name}, C has {c}";
    }

    static int SizeOf(Type type) => (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(type).Invoke(null, null)!;

    /// <summary>The offset of a field in managed memory, which is what a pointer to the struct shows to C.</summary>
    static int OffsetOf(Type type, FieldInfo field)
    {
        // Sequential layout without references: each field stands at the next multiple of its alignment.
        int offset = 0;
        foreach (var earlier in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
        {
            int alignment = AlignmentOf(earlier.FieldType);
            offset = (offset + alignment - 1) / alignment * alignment;
            if (earlier == field) return offset;
            offset += SizeOf(earlier.FieldType);
        }
        return -1;
    }

    static int AlignmentOf(Type type) =>
        type.IsPrimitive || type.IsPointer || type.IsEnum ? SizeOf(type)
        : type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).Max(field => AlignmentOf(field.FieldType));
}
