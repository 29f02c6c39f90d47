using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Evaluation.Features;
using NativeRetrieval.Evaluation.Vectors;
using NativeRetrieval.Models;
using NativeRetrieval.Nn;
using NativeRetrieval.Training.Data;
using NativeRetrieval.Training.Features;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Loop;

/// <summary>
/// The loss of one batch and its gradient: loads, augments, embeds both sides, compares. A batch that is larger than a chunk is embedded
/// chunk by chunk without a recording; the loss over all of it gives the gradient of every embedding; then each chunk is embedded once
/// more, with the same random numbers, and its embeddings' gradients are played backwards (gradient cache, Gao et al. 2021, arXiv
/// 2101.06983). Memory holds the activations of one chunk and of the whole batch the embeddings alone. Batch norms that use the batch's
/// statistics use those of the chunk, and their running ones move once for the batch, towards the mean of the chunks' weighted by their
/// items; with stored ones the gradient is that of the whole batch at once.
/// </summary>
internal sealed class BatchLoss : IDisposable
{
    readonly RetrievalModel _model;
    readonly TrainingSettings _settings;
    readonly TrainingSounds _sounds;
    readonly RunRandom _random;
    readonly CaptionTable _captions;
    readonly TeacherScores? _teachers;
    readonly RankStep? _ranked;
    readonly Ranks _ranks;
    Tensor? _frozenTexts;

    /// <param name="teachers">Vectors of every clip and caption by each model that is learned from; null: none.</param>
    /// <param name="ranks">The ranks that share each batch; null: one has all of it.</param>
    public BatchLoss(RetrievalModel model, FeatureStore features, TrainingSettings settings, RunRandom random,
        IReadOnlyList<EvaluationVectors>? teachers = null, Ranks? ranks = null)
    {
        (_model, _settings, _random, _ranks) = (model, settings, random, ranks ?? Ranks.Alone);
        if (_ranks.Group is { } group) _ranked = new RankStep(group, model);
        _sounds = new TrainingSounds(model, features, settings.Augmentation, random);
        _captions = new CaptionTable(features.Data, model.Config.Captions, settings.Data.JoinByCaption);
        if (teachers is { Count: > 0 }) _teachers = new TeacherScores(teachers, features.Data, _captions.Texts, model.Device);
    }

    /// <summary>The frames that a part of a batch is computed in.</summary>
    /// <param name="longest">Frames of its longest clip.</param>
    public int PaddedTo(int longest) => _sounds.PaddedTo(longest);

    /// <summary>Computes the vectors of a text encoder that is not trained, once for all batches.</summary>
    public void Prepare()
    {
        if (!_model.TextEncoder.IsTrainable) _ = FrozenTexts;
    }

    /// <summary>
    /// Loads a batch and copies it to the device. Any thread may: nothing is computed there, but the vectors of a text encoder that is not
    /// trained follow by <see cref="Complete"/>, in the thread of
    /// <see cref="AddGradient(StepInputs, long, Action{int}, CancellationToken, Action{Tensor})"/>.
    /// </summary>
    /// <param name="number">Number of this batch since the run began: the position of its randomness.</param>
    public LoadedBatch Load(ReadOnlySpan<TrainingItem> items, long number)
    {
        var batch = Describe(items, number);
        var parts = Chunks(items.Length, _settings.Training);
        var (own, place) = OwnPart(parts);
        bool asWhole = !place.InChunks && _ranks.Count > 1;
        var chunks = new List<ChunkInputs>();
        foreach (var (start, count) in own)
        {
            var sounds = _sounds.Load(batch.Clips, start, count, number, asWhole);
            SentenceInputs? sentences = null;
            if (_model.TextEncoder.IsTrainable)
            {
                var tokens = _model.Tokenize(asWhole ? batch.Captions : batch.Captions[start..(start + count)]);
                if (asWhole) place = place with { FirstToken = tokens.Lengths.Take(start).Sum() };
                sentences = _model.TextEncoder.Place(asWhole ? tokens.Rows(start, count) : tokens, training: true);
            }
            chunks.Add(new(SoundInputs.Of(sounds.LogMel, sounds.Lengths), sentences, Vectors: null));
        }
        var inputs = new StepInputs(Ids(batch.Sounds), Ids(batch.Texts), chunks, place);
        foreach (var tensor in inputs.Tensors) TensorScope.Detach(tensor);
        return new(inputs, batch.Clips, batch.Captions, batch.Texts);
    }

    /// <summary>
    /// Adds what the device itself computes beforehand: the teachers' scores, and the vectors of captions whose encoder is not trained.
    /// </summary>
    public StepInputs Complete(LoadedBatch loaded)
    {
        var inputs = _teachers is null ? loaded.Inputs : loaded.Inputs with { Teacher = _teachers.Of(loaded.Clips, loaded.Texts) };
        if (_model.TextEncoder.IsTrainable)
        {
            ForgetTexts(); // it has been unfrozen: what it computed before is not used again
            return inputs;
        }
        int start = inputs.Place.Start;
        return inputs with
        {
            Chunks =
            [
                .. inputs.Chunks.Select(chunk =>
                {
                    int first = start, count = chunk.Sounds.LogMel.Shape[0];
                    start += count;
                    return chunk with { Vectors = FrozenVectors(loaded.Captions.AsSpan(first, count), loaded.Texts.AsSpan(first, count)) };
                }),
            ],
        };
    }

    /// <summary>Loads a batch and adds the gradient of its loss to the gradients of all that is trained.</summary>
    /// <param name="number">Number of this batch since the run began: the position of its randomness.</param>
    /// <param name="done">Called with the number of items whose gradients have been added, after each chunk.</param>
    /// <returns>The loss.</returns>
    /// <exception cref="OperationCanceledException">Cancelled between two chunks. Running statistics are as
    /// before; gradients are incomplete.</exception>
    public double AddGradient(ReadOnlySpan<TrainingItem> items, long number, Action<int>? done, CancellationToken cancellation,
        Action<Tensor>? settled = null)
    {
        using var scope = TensorScope.Begin();
        using var loaded = Load(items, number);
        return AddGradient(Complete(loaded), number, done, cancellation, settled).Item();
    }

    /// <summary>
    /// Adds the gradient of a batch's loss to the gradients of all that is trained. Where it cannot be cancelled nothing is read and
    /// nothing uploaded, so that it can be part of recorded work.
    /// </summary>
    /// <param name="settled">
    /// Called as soon as the gradient of a parameter is complete, which may then be taken from it: nothing cancels the step after the
    /// first call. Not called in a job of several ranks, whose gradients are complete together.
    /// </param>
    /// <returns>The loss, one element.</returns>
    public Tensor AddGradient(StepInputs inputs, long number, Action<int>? done, CancellationToken cancellation,
        Action<Tensor>? settled = null)
    {
        if (_ranked is not null) settled = _ranked.Settled;
        return inputs.Place.InChunks ? InChunks(inputs, number, done, cancellation, settled) : AtOnce(inputs, number, done, settled);
    }

    /// <summary>
    /// The place from which a batch's passes draw: two batches of equally many chunks differ by the difference of these.
    /// </summary>
    public DrawingPlace DrawsFrom(StepInputs inputs, long number) => new(
        new TrainingPass(_random.Seed, inputs.Place.InChunks ? number * ChunksOfFullBatch(_settings.Training) : number).FirstStream,
        inputs.Place.FirstToken);

    /// <summary>
    /// The parts in which a batch is embedded. A batch that a single item has joined has as many as a full one, and its last is larger.
    /// </summary>
    public static IReadOnlyList<(int Start, int Count)> Chunks(int items, OptimizationSettings settings)
    {
        int chunk = settings.ChunkSize;
        if (chunk == 0 || chunk >= Math.Min(items, settings.BatchSize)) return [(0, items)];
        int count = Math.Min((items + chunk - 1) / chunk, ChunksOfFullBatch(settings));
        return [.. Enumerable.Range(0, count).Select(i => (i * chunk, i == count - 1 ? items - i * chunk : chunk))];
    }

    public void Dispose()
    {
        ForgetTexts();
        _teachers?.Dispose();
        _ranked?.Dispose();
    }

    /// <summary>
    /// The parts that this rank embeds: of a batch at once its share of the items, of chunks its share of them, so that these are the same
    /// whatever the number of ranks.
    /// </summary>
    (IReadOnlyList<(int Start, int Count)> Own, BatchPlace Place) OwnPart(IReadOnlyList<(int Start, int Count)> parts)
    {
        if (parts.Count == 1)
        {
            var own = _ranks.Part(parts[0].Count, _ranks.Rank);
            int[] counts = [.. Enumerable.Range(0, _ranks.Count).Select(rank => _ranks.Part(parts[0].Count, rank).Count)];
            return ([own], new(counts, own.Start, FirstChunk: 0, FirstToken: 0, InChunks: false));
        }
        var all = Enumerable.Range(0, _ranks.Count).Select(rank =>
        {
            var (first, count) = _ranks.Part(parts.Count, rank);
            return parts.Skip(first).Take(count).ToList();
        }).ToList();
        int[] items = [.. all.Select(chunks => chunks.Sum(chunk => chunk.Count))];
        return (all[_ranks.Rank], new(items, items.Take(_ranks.Rank).Sum(), _ranks.Part(parts.Count, _ranks.Rank).Start, FirstToken: 0,
            InChunks: true));
    }

    void ForgetTexts()
    {
        _frozenTexts?.Dispose();
        _frozenTexts = null;
    }

    Tensor AtOnce(StepInputs inputs, long number, Action<int>? done, Action<Tensor>? settled)
    {
        using var scope = TensorScope.Begin();
        using var tape = Tape.Begin();
        var synchronized = _settings.Training.SynchronizedBatchNorm ? _ranks.Group : null;
        var pass = new TrainingPass(_random.Seed, number, Statistics)
        {
            FirstItem = inputs.Place.Start,
            FirstToken = inputs.Place.FirstToken,
            Synchronized = synchronized,
        };
        _ranked?.Begin();
        var (audio, text) = Embed(inputs.Chunks[0], pass);
        Tensor loss;
        if (_ranked is null)
        {
            loss = Compare(inputs, audio, text);
            tape.Backward(loss, settled: settled);
        }
        else
        {
            var (allAudio, allText) = Gathered(inputs.Place, audio, text);
            loss = CacheGradients(inputs, allAudio, allText);
            tape.Backward(Op.Concat(audio, text), OwnGradients(inputs.Place.Start, audio.Shape[0]), settled);
            _ranked.Finish(synchronized is null ? Moved(inputs) : null);

            Tensor OwnGradients(int start, int count) =>
                Op.Concat(allAudio.Gradient!.Rows(start, count), allText.Gradient!.Rows(start, count));
        }
        done?.Invoke(inputs.Place.Items);
        return scope.Return(loss);
    }

    /// <summary>The vectors of all ranks, on no tape.</summary>
    (Tensor Audio, Tensor Text) Gathered(BatchPlace place, Tensor? audio, Tensor? text)
    {
        using var scope = TensorScope.Begin();
        using var aside = Tape.Begin(); // vectors that another tape recorded are constants on this one
        int width = _model.Config.EmbeddingDimension;
        var (allAudio, allText) = _ranked!.Gather(place, audio, text, width);
        return (scope.Return(allAudio), scope.Return(allText));
    }

    Tensor InChunks(StepInputs inputs, long number, Action<int>? done, CancellationToken cancellation, Action<Tensor>? settled)
    {
        var statistics = Statistics;
        using var scope = TensorScope.Begin();
        List<(Tensor Buffer, Tensor Before)> buffers = cancellation.CanBeCanceled
            ? [.. _model.Buffers().Select(buffer => (buffer.Tensor, buffer.Tensor.Clone()))] : [];
        _ranked?.Begin();
        try
        {
            var (audioParts, textParts) = (new List<Tensor>(), new List<Tensor>());
            for (int i = 0; i < inputs.Chunks.Count; i++)
            {
                var (audioPart, textPart) = EmbedChunk(i, statistics);
                audioParts.Add(audioPart);
                textParts.Add(textPart);
            }
            Tensor? ownAudio = audioParts.Count == 0 ? null : Op.Concat([.. audioParts]);
            Tensor? ownText = textParts.Count == 0 ? null : Op.Concat([.. textParts]);
            var (audio, text) = _ranked is null ? (ownAudio!, ownText!) : Gathered(inputs.Place, ownAudio, ownText);
            var loss = CacheGradients(inputs, audio, text);
            var again = statistics == BatchStatistics.OfBatch ? BatchStatistics.OfBatchAgain : statistics;
            int own = inputs.Place.Counts[_ranks.Rank];
            for (int i = 0, start = inputs.Place.Start; i < inputs.Chunks.Count; i++)
            {
                using var part = TensorScope.Begin();
                using var tape = Tape.Begin();
                var (audioPart, textPart) = EmbedChunk(i, again);
                int count = audioPart.Shape[0];
                var both = Op.Concat(audioPart, textPart);
                tape.Backward(both, Op.Concat(audio.Gradient!.Rows(start, count), text.Gradient!.Rows(start, count)),
                    i == inputs.Chunks.Count - 1 ? settled : null);
                start += count;
                done?.Invoke((int)((long)(start - inputs.Place.Start) * inputs.Place.Items / own));
            }
            _ranked?.Finish(Moved(inputs));
            return scope.Return(loss);
        }
        catch (OperationCanceledException)
        {
            foreach (var (buffer, before) in buffers) buffer.CopyFrom(before);
            throw;
        }

        (Tensor Audio, Tensor Text) EmbedChunk(int index, BatchStatistics statistics)
        {
            cancellation.ThrowIfCancellationRequested();
            long position = number * ChunksOfFullBatch(_settings.Training) + inputs.Place.FirstChunk + index;
            return Embed(inputs.Chunks[index], new TrainingPass(_random.Seed, position, statistics) { Part = inputs.Part(index) });
        }
    }

    static int ChunksOfFullBatch(OptimizationSettings settings) => (settings.BatchSize + settings.ChunkSize - 1) / settings.ChunkSize;

    /// <summary>The loss of the whole batch; ∂loss/∂embeddings is then in their <see cref="Tensor.Gradient"/>.</summary>
    Tensor CacheGradients(StepInputs inputs, Tensor audio, Tensor text)
    {
        using var scope = TensorScope.Begin();
        using var tape = Tape.Begin();
        audio.RequiresGradient = text.RequiresGradient = true;
        var loss = Compare(inputs, audio, text);
        tape.Backward(loss);
        return scope.Return(loss);
    }

    Tensor Compare(StepInputs inputs, Tensor audio, Tensor text)
    {
        double share = inputs.Teacher is null ? 0 : _settings.Loss.TeacherWeight;
        using var scope = TensorScope.Begin();
        var own = share == 1 ? null : Op.NtXent(audio, text, inputs.Sounds, inputs.Texts, _settings.Loss.NtXent);
        if (share == 0) return scope.Return(own!);
        var taught = Op.Distillation(Op.L2Normalize(audio), Op.L2Normalize(text), inputs.Teacher!, _settings.Loss.Distillation);
        return scope.Return(own is null ? taught : Op.Add(Op.Scale(own, 1 - share), Op.Scale(taught, share)));
    }

    (Tensor Audio, Tensor Text) Embed(ChunkInputs chunk, TrainingPass pass)
    {
        using var scope = TensorScope.Begin();
        var audio = _model.EmbedAudio(chunk.Sounds, _model.AudioEncoder.IsTrainable ? pass : null, _settings.Augmentation.SpecAugment);
        var text = chunk.Sentences is { } sentences ? _model.EmbedText(sentences, pass) : _model.ProjectText(chunk.Vectors!);
        return (scope.Return(audio), scope.Return(text));
    }

    /// <summary>The parts of the batch where batch norms move their running statistics by those of a part; else null.</summary>
    BatchPlace? Moved(StepInputs inputs) => _settings.Training.FreezeBatchNorm ? null : inputs.Place;

    BatchStatistics Statistics => _settings.Training.FreezeBatchNorm ? BatchStatistics.Running : BatchStatistics.OfBatch;

    /// <summary>Vectors of all distinct texts by a text encoder that is not trained; computed once.</summary>
    Tensor FrozenTexts
    {
        get
        {
            if (_frozenTexts is not null) return _frozenTexts;
            using var scope = TensorScope.Begin();
            var parts = _captions.Texts.Chunk(_settings.Training.BatchSize)
                .Select(chunk => _model.TextEncoder.Forward(_model.Tokenize(chunk))).ToArray();
            _frozenTexts = TensorScope.Detach(Op.Concat(parts));
            return _frozenTexts;
        }
    }

    /// <summary>Known texts are looked up; those of mixtures, whose numbers are negative, are encoded.</summary>
    Tensor FrozenVectors(ReadOnlySpan<string> captions, ReadOnlySpan<int> texts)
    {
        using var scope = TensorScope.Begin();
        var table = FrozenTexts;
        var (rows, joined) = (texts.ToArray(), new List<string>());
        for (int i = 0; i < rows.Length; i++)
        {
            if (rows[i] >= 0) continue;
            rows[i] = table.Shape[0] + joined.Count;
            joined.Add(captions[i]);
        }
        if (joined.Count > 0) table = Op.Concat(table, _model.TextEncoder.Forward(_model.Tokenize(joined)));
        return scope.Return(Op.Embedding(table, Ids(rows)));
    }

    /// <summary>A mixture is a sound and a text of its own, with numbers below 0.</summary>
    Batch Describe(ReadOnlySpan<TrainingItem> items, long number)
    {
        var batch = new Batch(new int[items.Length], new int[items.Length], new int[items.Length], new string[items.Length]);
        for (int i = 0; i < items.Length; i++)
        {
            var item = items[i];
            batch.Clips[i] = item.Clip;
            (batch.Sounds[i], batch.Texts[i], batch.Captions[i]) = _sounds.Mixtures.At(i, number) is { } addition
                ? (-1 - i, -1 - i, $"{_captions[item]} and {_captions[addition.Item]}")
                : (_captions.Sound(item.Clip), _captions.Text(item), _captions[item]);
        }
        return batch;
    }

    Tensor Ids(ReadOnlySpan<int> ids) => Tensor.From(ids, [ids.Length], _model.Device);

    /// <param name="Clips">Clip of each item.</param>
    /// <param name="Sounds">Items with equal numbers are of one sound.</param>
    /// <param name="Texts">Items with equal numbers have one caption text.</param>
    /// <param name="Captions">Caption of each item.</param>
    sealed record Batch(int[] Clips, int[] Sounds, int[] Texts, string[] Captions);
}

/// <summary>A batch on the device, and what the device makes further inputs of: teachers' scores, vectors of frozen encoders.</summary>
/// <param name="Clips">Clip of each item.</param>
internal sealed record LoadedBatch(StepInputs Inputs, int[] Clips, string[] Captions, int[] Texts) : IDisposable
{
    /// <summary>Frees the tensors.</summary>
    public void Dispose() => Inputs.Dispose();
}
