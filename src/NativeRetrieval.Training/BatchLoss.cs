using NativeRetrieval.Audio.Augmentation;
using NativeRetrieval.Audio.Features;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Models;
using NativeRetrieval.Nn;
using NativeRetrieval.Training.Data;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training;

/// <summary>The loss of one batch of a run: loads, augments, embeds both sides, compares.</summary>
internal sealed class BatchLoss
{
    readonly RetrievalModel _model;
    readonly FeatureStore _features;
    readonly TrainingSettings _settings;
    readonly string[][] _captions;
    readonly int[][] _textIds;
    readonly Tensor? _frozenTexts;

    public BatchLoss(RetrievalModel model, FeatureStore features, TrainingSettings settings)
    {
        (_model, _features, _settings) = (model, features, settings);
        var idOf = new Dictionary<string, int>(StringComparer.Ordinal);
        _captions = [.. features.Data.Clips.Select(clip => clip.Captions.ToArray())];
        _textIds = [.. _captions.Select(captions => captions.Select(Id).ToArray())];
        if (settings.Training.FreezeTextEncoder) _frozenTexts = Encode([.. idOf.Keys]);

        int Id(string caption)
        {
            string normalised = model.Config.Captions.Apply(caption);
            if (!idOf.TryGetValue(normalised, out int id)) idOf.Add(normalised, id = idOf.Count);
            return id;
        }
    }

    /// <param name="random">Of the run; circular shifts are drawn from it.</param>
    /// <param name="number">Of this batch since the run began: the position of its randomness.</param>
    public Tensor Compute(ReadOnlySpan<TrainingItem> items, RunRandom random, long number)
    {
        using var scope = TensorScope.Begin();
        var training = _settings.Training;
        var pass = new TrainingPass(random.Seed, number);
        var (clipIds, textIds) = (new int[items.Length], new int[items.Length]);
        for (int i = 0; i < items.Length; i++)
            (clipIds[i], textIds[i]) = (items[i].Clip, _textIds[items[i].Clip][items[i].Caption]);
        var batch = Audio(clipIds, new PhiloxSequence(random.Stream(RandomUse.CircularShift, number)));
        var audio = _model.EmbedAudio(batch.LogMel, batch.Lengths, training.FreezeAudioEncoder ? null : pass, _settings.Augmentation.SpecAugment);
        var text = _frozenTexts is null
            ? _model.EmbedText(_model.Tokenize(Captions(items)), pass)
            : _model.ProjectText(Op.Embedding(_frozenTexts, Ids(textIds)));
        return scope.Return(Op.NtXent(audio, text, Ids(clipIds), Ids(textIds), _settings.Loss.NtXent));
    }

    AudioBatch Audio(int[] clips, PhiloxSequence shifts)
    {
        LogMelClip[] own = [.. clips.Select(_features.Load)];
        bool paper = _model.Config.Padding == PaddingRule.Paper;
        LogMelClip[] silenced = paper ? [.. clips.Select(_features.LoadFollowedBySilence)] : [];
        if (_settings.Augmentation.CircularShift)
        {
            // A shifted clip has no end of its own any more: silence simply follows it.
            own = [.. own.Select(clip => Shifted(clip, shifts))];
            silenced = own;
        }
        return paper ? AudioBatch.Paper(own, silenced, _model.Device) : AudioBatch.OwnLength(own, _model.Device);
    }

    static LogMelClip Shifted(LogMelClip clip, PhiloxSequence random)
    {
        var shifted = new float[clip.Values.Length];
        AudioAugmentation.CircularShift(clip.Values, clip.MelBins, random, shifted);
        return clip with { Values = shifted };
    }

    string[] Captions(ReadOnlySpan<TrainingItem> items)
    {
        var captions = new string[items.Length];
        for (int i = 0; i < items.Length; i++) captions[i] = _captions[items[i].Clip][items[i].Caption];
        return captions;
    }

    Tensor Ids(int[] ids) => Tensor.From(ids, [ids.Length], _model.Device);

    Tensor Encode(string[] captions)
    {
        using var scope = TensorScope.Begin();
        var parts = captions.Chunk(_settings.Training.BatchSize).Select(chunk => _model.TextEncoder.Forward(_model.Tokenize(chunk))).ToArray();
        return scope.Return(Op.Concat(parts));
    }
}
