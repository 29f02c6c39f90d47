using NativeRetrieval.Core.Errors;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace NativeRetrieval.Training.Settings;

/// <summary>
/// Makes settings from defaults, a preset or YAML file, and overrides, each taking precedence over the one before.
/// A YAML file has the sections as mappings; a top-level <c>preset: clotho</c> names what it starts from.
/// </summary>
public static class SettingsLoader
{
    const string PresetKey = "preset";
    const int LargestFileBytes = 1 << 20;

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

    /// <summary>Reads a YAML file on top of the preset it names, or of the defaults.</summary>
    /// <exception cref="OptionException">It is no YAML, a key does not exist or a value is not allowed; the message says where.</exception>
    /// <exception cref="FileReadException">The file is absent, or may not be read.</exception>
    public static TrainingSettings ReadFile(string path) => FileDraft(path).Settle();

    static SettingsDraft FileDraft(string path)
    {
        string text;
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > LargestFileBytes })
                throw new OptionException($"{path}: larger than {LargestFileBytes} bytes; settings are a page of text");
            text = File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FileReadException(path, error.Message, error);
        }
        var draft = Draft(text, path);
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

    static SettingsDraft Draft(string yaml, string source)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(yaml));
        }
        catch (YamlException error)
        {
            throw new OptionException($"{source} line {error.Start.Line}: not valid YAML: {error.Message}");
        }
        if (stream.Documents.Count == 0) return new SettingsDraft(preset: null);
        if (stream.Documents.Count > 1) throw new OptionException($"{source}: one YAML document expected, found {stream.Documents.Count}");
        if (stream.Documents[0].RootNode is not YamlMappingNode root)
            throw new OptionException($"{source}: expected sections such as 'training:' with settings below them");

        var draft = Base(root, source);
        foreach (var (keyNode, value) in root.Children)
        {
            string key = ScalarOf(keyNode, source);
            if (key == PresetKey) continue;
            if (value is YamlMappingNode section)
                foreach (var (nameNode, leaf) in section.Children)
                    draft.Apply($"{key}.{ScalarOf(nameNode, source)}", TextOf(leaf, source), At(nameNode, source));
            else draft.Apply(key, TextOf(value, source), At(keyNode, source));
        }
        return draft;
    }

    static bool IsFile(string preset) =>
        preset.EndsWith(".yaml", StringComparison.OrdinalIgnoreCase) || preset.EndsWith(".yml", StringComparison.OrdinalIgnoreCase);

    static SettingsDraft Base(YamlMappingNode root, string source)
    {
        var named = root.Children.FirstOrDefault(pair => pair.Key is YamlScalarNode { Value: PresetKey });
        if (named.Value is null) return new SettingsDraft(preset: null);
        try
        {
            return new SettingsDraft(ScalarOf(named.Value, source));
        }
        catch (OptionException error)
        {
            throw new OptionException($"{At(named.Value, source)}: {error.Message}");
        }
    }

    static void ApplyOverride(SettingsDraft draft, string entry)
    {
        int equals = entry.IndexOf('=');
        if (equals < 1) throw new OptionException($"--set {entry}: expected key=value, such as training.lr=1e-4");
        draft.Apply(entry[..equals].Trim(), entry[(equals + 1)..], $"--set {entry}");
    }

    static string TextOf(YamlNode node, string source) =>
        node is YamlSequenceNode list
            ? $"[{string.Join(',', list.Children.Select(child => ScalarOf(child, source)))}]"
            : ScalarOf(node, source);

    static string ScalarOf(YamlNode node, string source) =>
        node is YamlScalarNode { Value: { } value } ? value
            : throw new OptionException($"{At(node, source)}: expected a single value");

    static string At(YamlNode node, string source) => $"{source} line {node.Start.Line}";
}
