using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Training.Settings;

/// <summary>
/// Makes settings from defaults, a preset or YAML file, and overrides, each taking precedence over the one before.
/// A YAML file has the sections as mappings; a top-level <c>preset: clotho</c> names what it starts from.
/// </summary>
public static class SettingsLoader
{
    const string PresetKey = "preset";

    /// <param name="preset">
    /// A preset's name, or the path of a YAML file (recognised by <c>.yaml</c> or <c>.yml</c>); null for the defaults.
    /// </param>
    /// <param name="overrides">
    /// Each <c>key=value</c>: <c>training.lr=1e-4</c>, <c>model.audio_channels=[8,8,16,16,32,32]</c>. Later ones win.
    /// </param>
    /// <exception cref="OptionException">A key does not exist or a value is not allowed; the message says where and suggests.</exception>
    /// <exception cref="FileReadException">The file is absent, or may not be read.</exception>
    public static TrainingSettings Load(string? preset, IEnumerable<string> overrides)
    {
        var draft = preset is not null && IsFile(preset) ? FileDraft(preset) : new SettingsDraft(preset);
        foreach (string entry in overrides) ApplyOverride(draft, entry);
        return Validated(draft);
    }

    /// <summary>
    /// Reads the settings of a run, which state every setting that there was when it was begun; those that came later have the value by
    /// which the run goes on as it was.
    /// </summary>
    /// <exception cref="OptionException">It is no YAML, a key does not exist or a value is not allowed; the message says where.</exception>
    /// <exception cref="FileReadException">The file is absent, or may not be read.</exception>
    public static TrainingSettings ReadRun(string path) => FileDraft(path, ofRun: true).Settle();

    static SettingsDraft FileDraft(string path, bool ofRun = false)
    {
        string text;
        try
        {
            text = SmallFile.ReadText(path, SmallFile.LargestTextBytes);
        }
        catch (CorruptFileException error)
        {
            throw new OptionException($"{error.Message}; settings are a page of YAML text");
        }
        var draft = Draft(text, path, ofRun);
        Validated(draft);
        return draft;
    }

    static TrainingSettings Validated(SettingsDraft draft)
    {
        var settings = draft.Settle();
        settings.Validate();
        return settings;
    }

    /// <summary>
    /// Reads YAML on top of the preset it names, or of the defaults; settings that contradict each other are not looked for.
    /// </summary>
    /// <param name="source">Names the text in messages.</param>
    /// <exception cref="OptionException">It is no YAML, a key does not exist or a value is not allowed; the message says where.</exception>
    public static TrainingSettings Parse(string yaml, string source) => Draft(yaml, source).Settle();

    static SettingsDraft Draft(string yaml, string source, bool ofRun = false)
    {
        var lines = SettingsYaml.Read(yaml, source);
        var preset = lines.FirstOrDefault(line => line.Key == PresetKey);
        var draft = Base(preset, source);
        if (ofRun)
            foreach (var setting in SettingsCatalogue.All)
                if (setting.Before is { } before) draft.Apply(setting.Key, before, source);
        foreach (var line in lines)
            if (line != preset) draft.Apply(line.Key, line.Text, At(line, source));
        return draft;
    }

    static bool IsFile(string preset) =>
        preset.EndsWith(".yaml", StringComparison.OrdinalIgnoreCase) || preset.EndsWith(".yml", StringComparison.OrdinalIgnoreCase);

    static SettingsDraft Base(SettingsLine? preset, string source)
    {
        try
        {
            return new SettingsDraft(preset?.Text);
        }
        catch (OptionException error)
        {
            throw new OptionException($"{At(preset!, source)}: {error.Message}");
        }
    }

    static void ApplyOverride(SettingsDraft draft, string entry)
    {
        int equals = entry.IndexOf('=');
        if (equals < 1) throw new OptionException($"--set {entry}: expected key=value, such as training.lr=1e-4");
        draft.Apply(entry[..equals].Trim(), entry[(equals + 1)..], $"--set {entry}");
    }

    static string At(SettingsLine line, string source) => $"{source} line {line.Line}";
}
