using NativeRetrieval.Core.Errors;
using NativeRetrieval.Training.Loop;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Runs;

/// <summary>
/// The settings of a resumed run: its own, with the number of epochs that was asked for. A preset that has gained a setting since the run
/// was begun does not differ from it by that.
/// </summary>
internal static class ResumedSettings
{
    public const string EpochsKey = "training.epochs";

    /// <summary>Number of epochs that was asked for; null: none.</summary>
    /// <exception cref="OptionException">Another setting that was asked for differs from the run's; the message names each, with both
    /// values.</exception>
    public static int? Epochs(TrainingRequest request, TrainingSettings own)
    {
        var asked = StartingSizes.WithChannels(request.Settings);
        own = StartingSizes.WithChannels(own);
        var insisted = StartingSizes.Insisted(request);
        var compared = SettingsCatalogue.All.Where(setting => insisted.Contains(setting.Key)
            || request.SettingsAreWhole && !StartingSizes.IsOfWeights(request, own.Model.AudioEncoder, setting.Key)
                && Own(setting) != setting.Before).ToList();
        string[] others = [.. compared.Where(setting => setting.Key != EpochsKey && Asked(setting) != Own(setting))
            .Select(setting => $"{setting.Key} is {Own(setting)} in the run and {Asked(setting)} in the command")];
        if (others.Length > 0)
            throw new OptionException($"{request.RunFolder} was begun with other settings: {string.Join("; ", others)}. A resumed run "
                + $"keeps its settings, {EpochsKey} excepted: leave these out, or start a new run with --init-from");
        return compared.Any(setting => setting.Key == EpochsKey) ? asked.Training.Epochs : null;

        string Asked(SettingDefinition setting) => setting.Format(setting.Get(asked));

        string Own(SettingDefinition setting) => setting.Format(setting.Get(own));
    }
}
