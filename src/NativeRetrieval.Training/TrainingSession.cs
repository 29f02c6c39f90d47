using NativeRetrieval.Audio.Features;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Models;
using NativeRetrieval.Training.Data;
using NativeRetrieval.Training.Runs;

namespace NativeRetrieval.Training;

/// <summary>Starts or resumes a run: run folder, features, model, trainer.</summary>
public static class TrainingSession
{
    /// <exception cref="OperationCanceledException">Cancelled; the run can be resumed.</exception>
    public static TrainingOutcome Run(TrainingRequest request, IProgress<TrainingProgress>? progress, Action<EpochSummary>? epochDone, CancellationToken cancellation)
    {
        if (request.TextModel is not null && request.InitialModel is not null)
            throw new OptionException("a run starts from a trained model or from a pre-trained text encoder, not from both: give --init-from or --text-model");
        string fingerprint = request.Training.Fingerprint();
        using var run = request.Resume ? RunFolder.Resume(request.RunFolder) : RunFolder.Create(request.RunFolder, request.Settings, fingerprint);
        run.RequireSameData(fingerprint);

        var skipped = new List<string>();
        var training = Prepare(request.Training, ModelFeatures.OfTraining(run.Settings));
        var validation = request.Validation is null ? null : Prepare(request.Validation, ModelFeatures.Of(run.Settings));
        using var model = Model(request, run, training.Data);
        using var trainer = new Trainer(run, model, training, validation, request.Time);
        EpochSummary? last = null;
        trainer.Run(progress, summary => epochDone?.Invoke(last = summary), cancellation);
        return new TrainingOutcome(last, skipped);

        FeatureStore Prepare(Dataset data, FeatureSettings features) => FeatureStore.Prepare(new FeatureCache(request.FeatureCache, features), data, skipped,
            done => progress?.Report(new(TrainingPhase.Features, done, data.Clips.Count, 0, run.Settings.Training.Epochs, double.NaN, 0, null)), cancellation);
    }

    /// <summary>
    /// The run's model as it began. A new run writes it into its folder at once: vocabulary, sizes and frozen weights are then found there when
    /// it is resumed, whatever has become of the files it was made from.
    /// </summary>
    static RetrievalModel Model(TrainingRequest request, RunFolder run, Dataset data)
    {
        if (File.Exists(Path.Combine(run.FolderPath, "config.json"))) return ModelFactory.From(run.FolderPath, run.Settings, request.Device);
        var model = request.InitialModel is { } folder ? ModelFactory.From(folder, run.Settings, request.Device)
            : ModelFactory.Create(run.Settings, data, request.TextModel, request.Device);
        run.ReplaceModel(target => ModelPackage.Save(target, model, ModelCard.Write(model, data, run.Settings, epoch: 0, double.NaN, validation: null)));
        return model;
    }
}
