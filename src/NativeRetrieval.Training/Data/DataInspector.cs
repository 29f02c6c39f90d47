using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Evaluation.Features;
using NativeRetrieval.Text;

namespace NativeRetrieval.Training.Data;

/// <summary>Looks for problems in a run's decoded data. Hashes and lengths are known from decoding: nothing is read again.</summary>
internal static class DataInspector
{
    /// <param name="findings">Problems that reading the CSV files found; those found here are added.</param>
    /// <param name="tokenizer">Tokenizer of the run's model; the caption rule is applied before it.</param>
    public static DataCheck Inspect(DataFindings findings, FeatureStore training, FeatureStore? validation, TextTokenizer tokenizer,
        CaptionNormalizer captions, int maxTokens)
    {
        Clips(findings, training, "");
        Contents(findings, training, validation);
        Captions(findings, training.Data, validation?.Data);
        Tokens(findings, training.Data, tokenizer, captions, maxTokens);
        if (validation is not null) Clips(findings, validation, "validation: ");
        double seconds = Enumerable.Range(0, training.Data.Clips.Count).Sum(i => training.Facts(i).Samples / (double)training.SampleRateHz);
        int validationClips = validation?.Data.Clips.Count ?? 0;
        return new DataCheck(training.Data.Clips.Count, validationClips, training.Data.CaptionCount, seconds, findings.ToList());
    }

    static void Clips(DataFindings findings, FeatureStore store, string prefix)
    {
        foreach (string problem in store.Unreadable) findings.Add(DataProblem.UnreadableFile, prefix + problem);
        for (int i = 0; i < store.Data.Clips.Count; i++)
        {
            var facts = store.Facts(i);
            string where = prefix + Place(store.Data.Clips[i]);
            if (facts.Defect is not null) findings.Add(DataProblem.DamagedFile, $"{where}: {facts.Defect}");
            if (store.IsTooShort(i)) findings.Add(DataProblem.ShortClip, where);
            if (facts.IsSilent) findings.Add(DataProblem.SilentClip, where);
            if (facts.IsCut) findings.Add(DataProblem.LongClip, where);
        }
    }

    static void Contents(DataFindings findings, FeatureStore training, FeatureStore? validation)
    {
        var first = new Dictionary<string, Clip>(StringComparer.Ordinal);
        for (int i = 0; i < training.Data.Clips.Count; i++)
        {
            var clip = training.Data.Clips[i];
            if (!first.TryAdd(training.ContentHash(i), clip))
                findings.Add(DataProblem.DuplicateContent, $"{Place(clip)} = {first[training.ContentHash(i)].FileName}");
        }
        if (validation is null) return;
        var names = training.Data.Clips.Select(clip => clip.FileName).ToHashSet(StringComparer.Ordinal);
        for (int i = 0; i < validation.Data.Clips.Count; i++)
        {
            var clip = validation.Data.Clips[i];
            if (names.Contains(clip.FileName)) findings.Add(DataProblem.FileNameInBothSplits, Place(clip));
            if (first.TryGetValue(validation.ContentHash(i), out var same))
                findings.Add(DataProblem.ContentInBothSplits, $"{Place(clip)} = {same.FileName}");
        }
    }

    static void Captions(DataFindings findings, Dataset data, Dataset? validation)
    {
        var first = new Dictionary<string, Clip>(StringComparer.Ordinal);
        foreach (var clip in data.Clips)
        {
            string all = All(clip);
            if (!first.TryAdd(all, clip)) findings.Add(DataProblem.DuplicateCaptions, $"{Place(clip)} = {first[all].FileName}");
        }
        foreach (var clip in validation?.Clips ?? [])
            if (first.TryGetValue(All(clip), out var same))
                findings.Add(DataProblem.CaptionsInBothSplits, $"{Place(clip)} = {same.FileName}");

        static string All(Clip clip) => string.Join('\n', clip.Captions.Order(StringComparer.Ordinal));
    }

    static void Tokens(DataFindings findings, Dataset data, TextTokenizer tokenizer, CaptionNormalizer captions, int maxTokens)
    {
        foreach (var clip in data.Clips)
        {
            // One token more than fits is enough to know.
            var tokens = tokenizer.EncodeBatch([.. clip.Captions.Select(captions.Apply)], maxTokens + 1);
            for (int i = 0; i < tokens.Count; i++)
            {
                string where = $"{Place(clip)}: \"{clip.Captions[i]}\"";
                if (tokens.Lengths[i] > maxTokens) findings.Add(DataProblem.LongCaption, where);
                if (!tokens.HasKnownToken(i)) findings.Add(DataProblem.UnknownCaption, where);
            }
        }
    }

    static string Place(Clip clip) => clip.Line > 0 ? $"{clip.FileName} (line {clip.Line})" : clip.FileName;
}
