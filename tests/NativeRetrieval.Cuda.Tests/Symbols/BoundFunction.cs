using System.Reflection;
using System.Runtime.InteropServices;
using NativeRetrieval.Cuda.Interop;

namespace NativeRetrieval.Cuda.Tests.Symbols;

/// <summary>One imported function: how it is called in C#, and what reaches the processor.</summary>
/// <param name="Library">The import's library, e.g. <c>cuda</c>.</param>
/// <param name="Managed">The declared method: enums, handles and <c>out</c> parameters.</param>
/// <param name="Native">The generated import: what is passed in registers.</param>
internal sealed record BoundFunction(string Library, string Name, MethodInfo Managed, MethodInfo Native)
{
    const BindingFlags All = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>Not in every supported version.</summary>
    public bool IsOptional => Managed.GetCustomAttribute<OptionalExportAttribute>() is not null;

    public static List<BoundFunction> In(Type type) =>
        [.. type.GetMethods(All)
            .Select(method => (Native: method, Import: method.GetCustomAttribute<DllImportAttribute>()))
            .Where(item => item.Import is not null)
            .Select(item => new BoundFunction(
                item.Import!.Value, item.Import.EntryPoint!, type.GetMethod(item.Import.EntryPoint!, All)!, item.Native))];

    public static List<BoundFunction> In(Assembly assembly) => [.. assembly.GetTypes().SelectMany(In)];
}
