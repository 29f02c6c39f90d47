using NativeRetrieval.Audio.Features;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Distributed;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Encoders;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Evaluation.Features;
using NativeRetrieval.Evaluation.Vectors;
using NativeRetrieval.Models;
using NativeRetrieval.Training.Data;
using NativeRetrieval.Training.Features;
using NativeRetrieval.Training.Runs;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Loop;

/// <summary>Starts or resumes a run: run folder, features, model, trainer.</summary>
public static class TrainingSession
{
    /// <summary>Starts or resumes a run and trains until the last epoch or an early stop.</summary>
    /// <exception cref="OperationCanceledException">Cancelled, on this rank or another; the run can be resumed.</exception>
    /// <exception cref="DistributedException">A rank died, hangs, disagrees or gave up; the run can be resumed from its last
    /// checkpoint.</exception>
    public static TrainingOutcome Run(TrainingRequest request, IProgress<TrainingProgress>? progress, Action<EpochSummary>? epochDone,
        CancellationToken cancellation) => RankJob.Do(request.Group, () => RunRank(request, progress, epochDone, cancellation));

    static TrainingOutcome RunRank(TrainingRequest request, IProgress<TrainingProgress>? progress, Action<EpochSummary>? epochDone,
        CancellationToken cancellation)
    {
        RequireOneSource(request);
        var ranks = new Ranks(request.Group);
        if (!ranks.IsFirst) (request, progress, epochDone) = (Silent(request), null, null);
        RankAgreement.Require(request);
        // A resumed run has its front end in its folder once that is settled; a new one reads that of its weights before there is a folder.
        var begun = request.Resume ? null : Start(request);
        using var run = ranks.First(() => Open(request));
        var settings = run?.Settings ?? OfFirst(request);
        RankAgreement.Require(request, settings);
        var start = begun ?? Start(request);
        var split = DataSplit.Of(request.Training, request.Validation, settings);

        var skipped = new List<string>();
        var (training, validation) = Prepare(request, split, settings, start, skipped, progress, cancellation);
        RankAgreement.RequireClips(request, training.Data, validation?.Data);
        run?.RequireSameClips(training.Data, validation?.Data, skipped);
        bool hasModel = ranks.FromFirst(() => run!.HasModel ? "yes" : "") == "yes";
        using var model = hasModel ? ModelFactory.From(request.RunFolder, settings, request.Device)
            : Initial(request, settings, training.Data);
        if (run is not null) Inspect(run, request, model, training, validation);
        var teachers = new Teachers(run, request, settings, ranks).Vectors(model, training, progress, cancellation);
        using var trainer = Trainer(run, settings, model, training, validation, request, teachers, ranks);
        if (trainer.SmallData is { } note) request.Noted?.Invoke(note);
        if (request.Resume)
            run?.Describe(description => description with { Starts = [.. description.Starts, RunStart.Of(request, trainer.Step)] });
        bool isAsked = ranks.FromFirst(() => request.Estimated is null ? "" : "yes") == "yes";
        if (isAsked && Measured(trainer, progress, cancellation) is { } estimate) request.Estimated?.Invoke(estimate);
        EpochSummary? last = null;
        var end = trainer.Run(progress, summary =>
        {
            last = summary;
            epochDone?.Invoke(summary);
        }, cancellation);
        return new TrainingOutcome(last, end, trainer.BestEpoch, skipped, trainer.Graphs);
    }

    /// <summary>The run's folder, new or settled, which goes on with this request.</summary>
    static RunFolder Open(TrainingRequest request)
    {
        var run = request.Resume ? RunFolder.Resume(request.RunFolder) : Begin(request);
        try
        {
            foreach (string line in run.Notes) request.Noted?.Invoke(line);
            var split = DataSplit.Of(request.Training, request.Validation, run.Settings);
            run.RequireSameData(request.Training.Fingerprint(), split.Validation?.Fingerprint());
            if (request.Resume) TakeUp(request, run, split);
            return run;
        }
        catch
        {
            run.Dispose();
            throw;
        }
    }

    /// <summary>The settings that the first rank has put into the run's folder, which other ranks only read.</summary>
    static TrainingSettings OfFirst(TrainingRequest request) => RunFolder.FindSettings(request.RunFolder)
        ?? throw new OptionException($"{request.RunFolder} has no settings on rank {request.Group!.Rank}, though rank 0 has opened the "
            + "run; --to names one folder that all ranks see");

    /// <summary>A request of a rank that tells nobody anything.</summary>
    static TrainingRequest Silent(TrainingRequest request) => request with { Noted = null, Checked = null, Estimated = null };

    static void Inspect(RunFolder run, TrainingRequest request, RetrievalModel model, FeatureStore training, FeatureStore? validation)
    {
        var check = DataInspector.Inspect(new DataFindings(), training, validation, model.TextTokenizer, model.Config.Captions,
            model.Config.MaxTokens);
        DurableFile.WriteAllText(Path.Combine(run.FolderPath, "data-check.json"),
            check.ToJson().ToJsonString(RunFiles.Json.Options) + "\n");
        request.Checked?.Invoke(check);
    }

    /// <summary>Looks at the data alone: no run folder, no model.</summary>
    /// <param name="findings">Problems that reading the CSV files found.</param>
    public static DataCheck Check(TrainingRequest request, DataFindings findings, IProgress<TrainingProgress>? progress,
        CancellationToken cancellation)
    {
        RequireOneSource(request);
        if (request.Training.Clips.Count == 0) return new DataCheck(0, 0, 0, 0, findings.ToList());
        var data = request.Validation is { Clips.Count: 0 } ? request with { Validation = null } : request;
        var (training, validation) = Prepare(data, new DataSplit(data.Training, data.Validation, IsHeldOut: false), request.Settings,
            Start(request), [], progress, cancellation);
        var (tokenizer, captions, maxTokens) = ModelFactory.Tokenizer(request.Settings, training.Data, request.TextModel,
            request.InitialModel);
        return DataInspector.Inspect(findings, training, validation, tokenizer, captions, maxTokens);
    }

    /// <summary>
    /// Measures the time and memory that a new run would take, and leaves nothing behind but decoded features. All ranks of a group call
    /// it, measure together, and get the same.
    /// </summary>
    /// <exception cref="OptionException">Ranks cannot share the batches.</exception>
    /// <exception cref="DistributedException">A rank died, hangs, disagrees or gave up.</exception>
    public static RunEstimate Estimate(TrainingRequest request, IProgress<TrainingProgress>? progress, CancellationToken cancellation) =>
        RankJob.Do(request.Group, () => EstimateRank(request, progress, cancellation));

    static RunEstimate EstimateRank(TrainingRequest request, IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        RequireOneSource(request);
        var ranks = new Ranks(request.Group);
        if (!ranks.IsFirst) (request, progress) = (Silent(request), null);
        RankAgreement.Require(request);
        RequirePrecision(request, request.Settings);
        Teachers.Require(request, request.Settings, request.Teachers.Count > 0);
        string folder = Directory.CreateTempSubdirectory("nativeretrieval-estimate-").FullName;
        try
        {
            var split = DataSplit.Of(request.Training, request.Validation, request.Settings);
            var description = new RunDescription { DataSha256 = request.Training.Fingerprint() };
            using var run = RunFolder.Create(Path.Combine(folder, "run"), request.Settings, description);
            var (training, validation) = Prepare(request, split, request.Settings, Start(request), [], progress, cancellation);
            using var model = Initial(request, request.Settings, training.Data);
            RankAgreement.RequireClips(request, training.Data, validation?.Data);
            using var trainer = new Trainer(ranks.IsFirst ? run : null, request.Settings, model, training, validation, request.Time,
                noted: null, [], ranks);
            if (trainer.SmallData is { } note) request.Noted?.Invoke(note);
            return Measured(trainer, progress, cancellation)!;
        }
        finally
        {
            DurableFile.DeleteFolder(folder);
        }
    }

    static RunEstimate? Measured(Trainer trainer, IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        progress?.Report(new(TrainingPhase.Estimate, 0, 1, 0, 0, double.NaN, 0, null));
        var estimate = trainer.Estimate(cancellation);
        progress?.Report(new(TrainingPhase.Estimate, 1, 1, 0, 0, double.NaN, 0, null));
        return estimate;
    }

    static (FeatureStore Training, FeatureStore? Validation) Prepare(TrainingRequest request, DataSplit split, TrainingSettings settings,
        RetrievalModelConfig start, ICollection<string> skipped, IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        var training = Store(split.Training, RunFeatures.OfTraining(settings, start));
        return (training, split.Validation is null ? null : Store(split.Validation, RunFeatures.OfValidation(settings, start)));

        FeatureStore Store(Dataset data, FeatureSettings features) =>
            FeatureStore.Prepare(new FeatureCache(request.FeatureCache, features), data, skipped, done => Report(data, done), cancellation,
                request.Group);

        void Report(Dataset data, int done) =>
            progress?.Report(new(TrainingPhase.Features, done, data.Clips.Count, 0, settings.Training.Epochs, double.NaN, 0, null));
    }

    /// <summary>
    /// The configuration whose front end the features have: that of the run's model once there is one, else of the weights it starts from.
    /// </summary>
    static RetrievalModelConfig Start(TrainingRequest request)
    {
        if (request.Resume && File.Exists(Path.Combine(request.RunFolder, "config.json")))
            return ModelFolder.ReadConfig(request.RunFolder);
        if (request.InitialModel is { } model) return ModelFolder.ReadConfig(model);
        return request.AudioModel is { } folder ? ModelFactory.Start(AudioEncoderFolder.ReadPackage(folder)) : new RetrievalModelConfig();
    }

    static Trainer Trainer(RunFolder? run, TrainingSettings settings, RetrievalModel model, FeatureStore training, FeatureStore? validation,
        TrainingRequest request, IReadOnlyList<EvaluationVectors> teachers, Ranks ranks)
    {
        try
        {
            return new Trainer(run, settings, model, training, validation, request.Time, request.Noted, teachers, ranks);
        }
        catch (OptionException) when (!request.Resume)
        {
            run?.Withdraw();
            throw;
        }
    }

    static RunFolder Begin(TrainingRequest request)
    {
        var settings = StartingSizes.Apply(request);
        settings.Validate();
        RequirePrecision(request, settings);
        Teachers.Require(request, settings, hasTeachers: request.Teachers.Count > 0);
        var split = DataSplit.Of(request.Training, request.Validation, settings);
        var description = new RunDescription
        {
            TeacherSha256 = Teachers.Fingerprints(request),
            DataSha256 = request.Training.Fingerprint(),
            ValidationSha256 = split.Validation?.Fingerprint(),
            HoldoutAudio = split.IsHeldOut ? HoldOutCsv.AudioFolder(split.Validation!) : null,
            InitFromSha256 = request.InitialModel is { } folder ? ModelFolder.Fingerprint(folder) : null,
            TextModelSha256 = request.TextModel is { } text ? SourceFolder.Fingerprint(text) : null,
            AudioModelSha256 = request.AudioModel is { } audio ? SourceFolder.Fingerprint(audio) : null,
            Starts = [RunStart.Of(request, step: 0)],
        };
        return RunFolder.Create(request.RunFolder, settings, description, split.IsHeldOut ? split.Validation : null);
    }

    /// <summary>
    /// Compares what was asked for with the run; the number of epochs may differ and is then the run's. A run without a model yet makes it
    /// from the weights that it was begun with.
    /// </summary>
    static void TakeUp(TrainingRequest request, RunFolder run, DataSplit split)
    {
        if (split.IsHeldOut)
        {
            int known = run.Notes.Count;
            run.RequireHoldOut(split.Validation!);
            foreach (string line in run.Notes.Skip(known)) request.Noted?.Invoke(line);
        }
        if (!run.HasModel && run.Description.SchemaVersion == 1)
            run.Describe(description => description with
            {
                TextModelSha256 = request.TextModel is { } text ? SourceFolder.Fingerprint(text) : null,
                AudioModelSha256 = request.AudioModel is { } audio ? SourceFolder.Fingerprint(audio) : null,
            });
        if (!run.HasModel)
        {
            var begun = run.Description;
            run.RequireSameWeights("--init-from", request.InitialModel, begun.InitFromSha256, ModelFolder.Fingerprint);
            run.RequireSameWeights("--text-model", request.TextModel, begun.TextModelSha256, SourceFolder.Fingerprint);
            run.RequireSameWeights("--audio-model", request.AudioModel, begun.AudioModelSha256, SourceFolder.Fingerprint);
        }
        if (request.Teachers.Count > 0 && !Teachers.Fingerprints(request).SequenceEqual(run.Description.TeacherSha256))
            throw new OptionException($"{run.FolderPath} was begun with {run.Description.TeacherSha256.Count} teachers, and --teacher "
                + $"names {request.Teachers.Count}, not all of them the same; resume with the same ones in the same order, or leave "
                + "out --teacher");
        Teachers.Require(request, run.Settings, run.Description.TeacherSha256.Count > 0);
        TakeUpEpochs(request, run);
        RequirePrecision(request, run.Settings);
    }

    static void TakeUpEpochs(TrainingRequest request, RunFolder run)
    {
        int before = run.Settings.Training.Epochs;
        int? asked = ResumedSettings.Epochs(request, run.Settings);
        if (run.EpochsInFile is { } edited && asked is null)
            throw new OptionException($"{run.FolderPath}: training.epochs is {edited} in settings.yaml, but the run has {before}; ask for "
                + $"the change with --set training.epochs={edited}, or put {before} back");
        if (asked is not { } epochs || epochs == before && run.EpochsInFile is null) return;
        run.ChangeEpochs(epochs);
        if (epochs == before) return;
        string rate = run.Settings.Training.Schedule == ScheduleKind.Cosine
            ? $"; the learning rate follows the cosine over {epochs} epochs from here on" : "";
        request.Noted?.Invoke($"training.epochs was {before} and is now {epochs}{rate}");
    }

    static void RequireOneSource(TrainingRequest request)
    {
        if (request.InitialModel is not null && (request.TextModel ?? request.AudioModel) is not null)
            throw new OptionException("a run starts from a trained model or from pre-trained encoders, not from both: "
                + "give --init-from, or --text-model and --audio-model");
    }

    static void RequirePrecision(TrainingRequest request, TrainingSettings settings)
    {
        var (asked, device) = (settings.Training.Precision, request.Device);
        if (device.Precision == asked) return;
        string remedy = device is CpuDevice ? "the CPU computes in fp32 alone: train on a GPU, or in fp32"
            : "open the device in the run's precision";
        throw new OptionException($"training.precision = {PrecisionName.Of(asked)}, and {device} computes in "
            + $"{PrecisionName.Of(device.Precision)}; {remedy}");
    }

    static RetrievalModel Initial(TrainingRequest request, TrainingSettings settings, Dataset data) =>
        request.InitialModel is { } folder ? ModelFactory.From(folder, settings, request.Device)
            : ModelFactory.Create(settings, data, request.TextModel, request.Device, request.AudioModel);
}
