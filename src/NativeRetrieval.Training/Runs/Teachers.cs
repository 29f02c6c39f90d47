using NativeRetrieval.Audio.Features;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Evaluation;
using NativeRetrieval.Evaluation.Features;
using NativeRetrieval.Evaluation.Vectors;
using NativeRetrieval.Models;
using NativeRetrieval.Training.Data;
using NativeRetrieval.Training.Loop;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Runs;

/// <summary>
/// Models whose scores a run learns. Each embeds all clips and captions once; the vectors are kept in the run's folder, so that a resumed
/// run needs the models no more.
/// </summary>
sealed class Teachers(RunFolder? run, TrainingRequest request, TrainingSettings settings, Ranks ranks)
{
    public const string FolderName = "teachers";

    /// <exception cref="OptionException">Settings of teachers are asked for without one, or clips are mixed, which teachers do not
    /// hear.</exception>
    public static void Require(TrainingRequest request, TrainingSettings settings, bool hasTeachers)
    {
        if (!hasTeachers && request.Insisted.FirstOrDefault(key => key.StartsWith("loss.teacher_", StringComparison.Ordinal)) is { } key)
            throw new OptionException($"{key} says how a run learns from teachers, and this one has none; name one by --teacher");
        if (hasTeachers && settings.Augmentation.MixShare > 0)
            throw new OptionException($"augmentation.mix_share = {settings.Augmentation.MixShare} mixes clips, and teachers score each "
                + "clip alone; set augmentation.mix_share=0, or leave out --teacher");
    }

    /// <summary>Fingerprints of the models that a request names, in their order.</summary>
    public static IReadOnlyList<string> Fingerprints(TrainingRequest request) => [.. request.Teachers.Select(ModelFolder.Fingerprint)];

    /// <summary>Vectors of the training data by each of the run's teachers: those kept, or made and kept now.</summary>
    /// <exception cref="OptionException">Vectors have to be made, and the request does not name the teachers.</exception>
    /// <exception cref="CorruptFileException">Kept vectors are not those that the run made.</exception>
    public IReadOnlyList<EvaluationVectors> Vectors(RetrievalModel model, FeatureStore training, IProgress<TrainingProgress>? progress,
        CancellationToken cancellation)
    {
        string known = ranks.FromFirst(() => string.Join(' ', run!.Description.TeacherSha256));
        string[] prints = known.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var folder = new VectorFolder(Path.Combine(request.RunFolder, FolderName));
        var vectors = new List<EvaluationVectors>();
        for (int i = 0; i < prints.Length; i++)
        {
            var kept = run is null ? null : Kept(run, folder, prints[i], training);
            bool found = ranks.FromFirst(() => kept is null ? "" : "found").Length > 0;
            vectors.Add(found ? kept ?? OfFirst(i) : Made(i));
        }
        return vectors;

        EvaluationVectors OfFirst(int i) => folder.Find(prints[i], training.Data)
            ?? throw new OptionException($"{request.RunFolder} has no vectors of teacher {i + 1} on rank {ranks.Rank}, though rank 0 finds "
                + "them; --to names one folder that all ranks see");

        EvaluationVectors Made(int i)
        {
            if (request.Teachers.Count == 0)
                throw new OptionException($"{request.RunFolder} has not yet kept the vectors of its teacher {i + 1}; resume with the same "
                    + "--teacher as it was begun");
            var captions = new CaptionTable(training.Data, model.Config.Captions, settings.Data.JoinByCaption);
            using var teacher = ModelFolder.Load(request.Teachers[i], request.Device);
            teacher.ForInference();
            var skipped = new List<string>();
            var cache = new FeatureCache(request.FeatureCache, ModelFeatures.Of(teacher.Config));
            var features = FeatureStore.Prepare(cache, training.Data, skipped, done => Report(TrainingPhase.Features, done), cancellation,
                ranks.Group);
            if (skipped.Count > 0) throw new OptionException($"{request.Teachers[i]} cannot hear every clip: {skipped[0]}");
            var made = Evaluator.Embed(teacher, features, captions.Texts, done => Report(TrainingPhase.Teaching, done), cancellation,
                ranks.Group);
            if (run is not null) Keep(run, folder, prints[i], training, made, cache);
            return made;
        }

        void Report(TrainingPhase phase, int done) =>
            progress?.Report(new(phase, done, training.Data.Clips.Count, 0, settings.Training.Epochs, double.NaN, 0, null));
    }

    static EvaluationVectors? Kept(RunFolder run, VectorFolder folder, string print, FeatureStore training)
    {
        string path = folder.PathOf(print, training.Data);
        bool made = run.Description.TeacherVectorsSha256.TryGetValue(Path.GetFileName(path), out string? sum);
        if (made && File.Exists(path) && FileHash.Sha256(path) != sum)
            throw new CorruptFileException(path, "these are not the vectors that the run learned from; restore the file, or delete it "
                + "and resume with the same --teacher: they are then made again");
        return made ? folder.Find(print, training.Data) : null;
    }

    static void Keep(RunFolder run, VectorFolder folder, string print, FeatureStore training, EvaluationVectors made, FeatureCache cache)
    {
        folder.Save(print, training.Data, made, VectorFolder.SoundsHash(training.Data, cache.ContentHash));
        string path = folder.PathOf(print, training.Data);
        run.Describe(description => description with
        {
            TeacherVectorsSha256 = new Dictionary<string, string>(description.TeacherVectorsSha256)
            {
                [Path.GetFileName(path)] = FileHash.Sha256(path),
            },
        });
    }
}
