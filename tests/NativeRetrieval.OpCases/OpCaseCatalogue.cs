namespace NativeRetrieval.OpCases;

/// <summary>All cases of this assembly.</summary>
public static class OpCaseCatalogue
{
    public static IReadOnlyList<OpCase> All { get; } =
        [.. typeof(OpCase).Assembly.GetTypes()
            .Where(type => type.IsSubclassOf(typeof(OpCase)) && !type.IsAbstract)
            .Select(type => (OpCase)Activator.CreateInstance(type)!)
            .OrderBy(c => c.GetType().Name, StringComparer.Ordinal)];
}
