using System.Text;

namespace NativeRetrieval.Training.Settings;

/// <summary>
/// Writes settings as YAML, every one of them, each with its meaning and range: the resolved settings of a run, and a template for own
/// files.
/// </summary>
public static class SettingsWriter
{
    /// <summary>The settings as YAML, which <see cref="SettingsLoader"/> reads back.</summary>
    public static string ToYaml(TrainingSettings settings)
    {
        var yaml = new StringBuilder();
        string section = "";
        foreach (var definition in SettingsCatalogue.All)
        {
            if (definition.Section != section) yaml.Append('\n').Append(section = definition.Section).Append(":\n");
            string indent = section.Length == 0 ? "" : "  ";
            yaml.Append(indent).Append("# ").Append(definition.Meaning).Append(" (").Append(definition.Allowed).Append(")\n");
            yaml.Append(indent).Append(definition.Name).Append(": ").Append(definition.Format(definition.Get(settings))).Append('\n');
        }
        return yaml.ToString();
    }
}
