using System.Reflection;

namespace NativeRetrieval.Training.Settings;

/// <summary>All settings, in the order of their declaration.</summary>
public static class SettingsCatalogue
{
    /// <summary>Every setting of <see cref="TrainingSettings"/>.</summary>
    public static IReadOnlyList<SettingDefinition> All { get; } = [.. Collect()];

    static readonly Dictionary<string, SettingDefinition> _byKey = All.ToDictionary(definition => definition.Key, StringComparer.Ordinal);

    /// <summary>The setting of a key such as <c>training.lr</c>; null: there is none.</summary>
    public static SettingDefinition? Find(string key) => _byKey.GetValueOrDefault(key);

    /// <summary>Advice about a key that does not exist: the nearest one, or those of its section, or the sections.</summary>
    public static string Suggest(string key)
    {
        string lower = key.ToLowerInvariant().Replace('-', '_');
        var nearest = All.MinBy(definition => Math.Min(Distance(lower, definition.Key), Distance(lower, definition.Name)))!;
        if (Math.Min(Distance(lower, nearest.Key), Distance(lower, nearest.Name)) <= Math.Max(1, lower.Length / 4))
            return $"did you mean {nearest.Key}?";
        var sections = All.Select(definition => definition.Section).Where(name => name.Length > 0).Distinct();
        string section = lower.Split('.')[0];
        var siblings = All.Where(definition => definition.Section == section).Select(definition => definition.Name).ToList();
        return siblings.Count > 0
            ? $"{section} has {string.Join(", ", siblings)}"
            : $"the sections are {string.Join(", ", sections)}";
    }

    /// <summary>Properties of every section, by types that the compiler sees: a trimmed program keeps these.</summary>
    static Dictionary<Type, PropertyInfo[]> Sections() => new()
    {
        [typeof(ModelSettings)] = typeof(ModelSettings).GetProperties(),
        [typeof(AudioSettings)] = typeof(AudioSettings).GetProperties(),
        [typeof(TextSettings)] = typeof(TextSettings).GetProperties(),
        [typeof(AugmentationSettings)] = typeof(AugmentationSettings).GetProperties(),
        [typeof(OptimizationSettings)] = typeof(OptimizationSettings).GetProperties(),
        [typeof(LossSettings)] = typeof(LossSettings).GetProperties(),
        [typeof(DataSettings)] = typeof(DataSettings).GetProperties(),
    };

    static IEnumerable<SettingDefinition> Collect()
    {
        var sections = Sections();
        foreach (var property in typeof(TrainingSettings).GetProperties())
            if (property.GetCustomAttribute<SettingAttribute>() is { } own) yield return new SettingDefinition(null, property, own);
            else
                foreach (var leaf in sections[property.PropertyType])
                    if (leaf.GetCustomAttribute<SettingAttribute>() is { } attribute)
                        yield return new SettingDefinition(property, leaf, attribute);
    }

    /// <summary>Edits (insert, delete, replace, swap neighbours) from one word to the other.</summary>
    static int Distance(string a, string b)
    {
        var table = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++) table[i, 0] = i;
        for (int j = 0; j <= b.Length; j++) table[0, j] = j;
        for (int i = 1; i <= a.Length; i++)
            for (int j = 1; j <= b.Length; j++)
            {
                table[i, j] = Math.Min(Math.Min(table[i - 1, j], table[i, j - 1]) + 1,
                    table[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    table[i, j] = Math.Min(table[i, j], table[i - 2, j - 2] + 1);
            }
        return table[a.Length, b.Length];
    }
}
