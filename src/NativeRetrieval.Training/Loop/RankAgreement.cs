using System.Reflection;
using NativeRetrieval.Core.Distributed;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Loop;

/// <summary>
/// Agreement of all ranks before a run begins, on program, command and data. Each one's is sent to all, so that all see the same
/// first difference.
/// </summary>
internal static class RankAgreement
{
    /// <exception cref="DistributedException">Ranks differ; the message names one, and what it has.</exception>
    public static void Require(TrainingRequest request)
    {
        var facts = new Dictionary<string, string>
        {
            ["version"] = typeof(RankAgreement).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
                ?? "unknown",
            ["--resume"] = Given(request.Resume ? "" : null),
            ["training data"] = request.Training.Fingerprint(),
            ["validation data"] = request.Validation?.Fingerprint() ?? "none",
            ["number of teachers"] = $"{request.Teachers.Count}",
            ["--init-from"] = Given(request.InitialModel),
            ["--text-model"] = Given(request.TextModel),
            ["--audio-model"] = Given(request.AudioModel),
        };
        Add(facts, request.Settings);
        RankJob.RequireAgreement(request.Group, facts);

        static string Given(string? option) => option is null ? "absent" : "given";
    }

    /// <summary>Compares the settings of the run, of which the first rank has opened the folder and the others have read it.</summary>
    /// <exception cref="DistributedException">Ranks differ; the message names one, and what it has.</exception>
    public static void Require(TrainingRequest request, TrainingSettings settings)
    {
        var facts = new Dictionary<string, string>();
        Add(facts, settings);
        RankJob.RequireAgreement(request.Group, facts);
    }

    /// <summary>Compares the clips that ranks can decode.</summary>
    /// <exception cref="DistributedException">Ranks differ; the message names one, and what it has.</exception>
    public static void RequireClips(TrainingRequest request, Dataset training, Dataset? validation) =>
        RankJob.RequireAgreement(request.Group, new Dictionary<string, string>
        {
            ["the number of clips that can be decoded"] = $"{training.Clips.Count} and {validation?.Clips.Count ?? 0} for validation",
            ["the training clips that can be decoded"] = training.Fingerprint(),
            ["the validation clips that can be decoded"] = validation?.Fingerprint() ?? "none",
        });

    static void Add(Dictionary<string, string> facts, TrainingSettings settings)
    {
        foreach (var setting in SettingsCatalogue.All) facts[setting.Key] = setting.Format(setting.Get(settings));
    }
}
