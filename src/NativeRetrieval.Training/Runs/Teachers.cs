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
static class Teachers
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
    public static IReadOnlyList<EvaluationVectors> Vectors(RunFolder run, TrainingRequest request, RetrievalModel model,
        FeatureStore training, IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        var prints = run.Description.TeacherSha256;
        if (prints.Count == 0) return [];
        var folder = new VectorFolder(Path.Combine(run.FolderPath, FolderName));
        var sums = run.Description.TeacherVectorsSha256;
        var vectors = new List<EvaluationVectors>();
        for (int i = 0; i < prints.Count; i++)
        {
            string path = folder.PathOf(prints[i], training.Data);
            if (sums.TryGetValue(Path.GetFileName(path), out string? sum) && File.Exists(path) && FileHash.Sha256(path) != sum)
                throw new CorruptFileException(path, "these are not the vectors that the run learned from; restore the file, or delete it "
                    + "and resume with the same --teacher: they are then made again");
            vectors.Add((sum is null ? null : folder.Find(prints[i], training.Data)) ?? Made(i));
        }
        return vectors;

        EvaluationVectors Made(int i)
        {
            if (request.Teachers.Count == 0)
                throw new OptionException($"{run.FolderPath} has not yet kept the vectors of its teacher {i + 1}; resume with the same "
                    + "--teacher as it was begun");
            var captions = new CaptionTable(training.Data, model.Config.Captions, run.Settings.Data.JoinByCaption);
            using var teacher = ModelFolder.Load(request.Teachers[i], request.Device);
            var skipped = new List<string>();
            var cache = new FeatureCache(request.FeatureCache, ModelFeatures.Of(teacher.Config));
            var features = FeatureStore.Prepare(cache, training.Data, skipped, done => Report(TrainingPhase.Features, done), cancellation);
            if (skipped.Count > 0) throw new OptionException($"{request.Teachers[i]} cannot hear every clip: {skipped[0]}");
            var made = Evaluator.Embed(teacher, features, captions.Texts, done => Report(TrainingPhase.Teaching, done), cancellation);
            folder.Save(prints[i], training.Data, made, VectorFolder.SoundsHash(training.Data, cache.ContentHash));
            string path = folder.PathOf(prints[i], training.Data);
            run.Describe(description => description with
            {
                TeacherVectorsSha256 = new Dictionary<string, string>(description.TeacherVectorsSha256)
                {
                    [Path.GetFileName(path)] = FileHash.Sha256(path),
                },
            });
            return made;
        }

        void Report(TrainingPhase phase, int done) =>
            progress?.Report(new(phase, done, training.Data.Clips.Count, 0, run.Settings.Training.Epochs, double.NaN, 0, null));
    }
}
