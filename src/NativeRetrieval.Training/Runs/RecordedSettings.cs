using NativeRetrieval.Core.Errors;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Runs;

/// <summary>The settings that <c>run.json</c> keeps beside <c>settings.yaml</c>.</summary>
static class RecordedSettings
{
    public static IReadOnlyDictionary<string, string> Of(TrainingSettings settings) =>
        SettingsCatalogue.All.ToDictionary(setting => setting.Key, setting => setting.Format(setting.Get(settings)));

    /// <summary>Compares a settings file with the record; of its settings the number of epochs may differ.</summary>
    /// <param name="path">The settings file, for messages.</param>
    /// <returns>The settings with the record's number of epochs.</returns>
    /// <exception cref="OptionException">Other settings differ; the message names each, with both values.</exception>
    public static TrainingSettings Require(IReadOnlyDictionary<string, string> recorded, TrainingSettings settings, string path)
    {
        var changed = SettingsCatalogue.All.Where(setting =>
            recorded.TryGetValue(setting.Key, out string? was) && setting.Format(setting.Get(settings)) != was).ToList();
        string[] others = [.. changed.Where(setting => setting.Key != ResumedSettings.EpochsKey)
            .Select(setting => $"{setting.Key} was {recorded[setting.Key]} and is {setting.Format(setting.Get(settings))}")];
        if (others.Length > 0)
            throw new OptionException($"{path} was changed after the run began: {string.Join("; ", others)}. A resumed run keeps its "
                + "settings: put the first values back, or start a new run with --init-from");
        if (changed.Count == 0) return settings;
        var copy = settings.DeepCopy();
        changed[0].Set(copy, changed[0].Parse(recorded[ResumedSettings.EpochsKey], path));
        return copy;
    }
}
