using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Distributed;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Evaluation;
using NativeRetrieval.Evaluation.Features;
using NativeRetrieval.Evaluation.Metrics;
using NativeRetrieval.Evaluation.Vectors;
using NativeRetrieval.Models;
using NativeRetrieval.Nn.Optimizers;
using NativeRetrieval.Training.Data;
using NativeRetrieval.Training.Logging;
using NativeRetrieval.Training.Runs;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Loop;

/// <summary>
/// Trains a model in a run folder, epoch by epoch. All randomness is a function of the seed and the position, and results do not depend on
/// the number of threads: a run that is killed and resumed has the losses of one that was not, bit for bit on the CPU and on a GPU that was
/// opened for deterministic algorithms, else up to rounding. Of several ranks each takes every step; the first one alone has the run's
/// folder.
/// </summary>
public sealed class Trainer : IDisposable
{
    readonly RunFolder? _run;
    readonly Ranks _ranks;
    readonly RetrievalModel _model;
    readonly FeatureStore _training;
    readonly FeatureStore? _validation;
    readonly TimeProvider _time;
    readonly TrainingSettings _settings;
    readonly AdamOptimizer _optimizer;
    readonly EpochSampler _sampler;
    readonly BatchLoss _loss;
    readonly TrainedParts _parts;
    readonly WeightAverage? _average;
    readonly TrainedState _state;
    readonly RunRandom _random;
    readonly CapturedWork _captured;
    readonly Tensor[] _changed;
    readonly long _firstStep;
    TrainingState _position;
    RunClock _clock;
    TimeSpan? _expectedEvaluation;

    /// <summary>Prepares a run, from its last checkpoint where it has one.</summary>
    /// <param name="model">The model that the run folder holds at its top; it is trained in place and stays the caller's.</param>
    /// <param name="validation">Clips that choose the best epoch by R@1 + R@5 + R@10 of text to audio;
    /// null: the last epoch's model is kept.</param>
    /// <param name="noted">Gets a sentence where steps cannot be replayed as CUDA graphs.</param>
    /// <param name="teachers">Vectors of the training clips and of their distinct captions, after the model's caption rule, by each model
    /// whose scores are learned; null: none.</param>
    /// <exception cref="CorruptFileException">The run's last checkpoint does not fit the model.</exception>
    public Trainer(RunFolder run, RetrievalModel model, FeatureStore training, FeatureStore? validation, TimeProvider time,
        Action<string>? noted = null, IReadOnlyList<EvaluationVectors>? teachers = null)
        : this(run, run.Settings, model, training, validation, time, noted, teachers, Ranks.Alone)
    {
    }

    /// <param name="run">Null on all ranks but the first.</param>
    internal Trainer(RunFolder? run, TrainingSettings settings, RetrievalModel model, FeatureStore training, FeatureStore? validation,
        TimeProvider time, Action<string>? noted, IReadOnlyList<EvaluationVectors>? teachers, Ranks ranks)
    {
        (_run, _model, _training, _validation, _time, _settings, _ranks) = (run, model, training, validation, time, settings, ranks);
        var options = _settings.Training;
        _random = new RunRandom((ulong)_settings.Seed);
        _sampler = new EpochSampler(training.Data, _settings.Data.Captions, options.BatchSize, options.DropLastBatch, _random,
            _settings.Data.Balance);
        RankedBatches.Require(_ranks, _sampler, options);
        _parts = new TrainedParts(model, options);
        _ranks.TakeFromFirst(model.State().Select(item => item.Tensor));
        _optimizer = new AdamOptimizer(_parts.Groups(StepsPerEpoch), options.AdamOptions);
        _average = options.AverageDecay > 0 ? new WeightAverage(_parts.State(), options.AverageDecay) : null;
        _state = new TrainedState(_parts.State(), _average, _optimizer);
        _changed = [.. _parts.State().Select(item => item.Tensor)];
        _captured = new CapturedWork(model.Device, noted, _ranks.Group);
        _clock = new RunClock(time);
        _position = Resume();
        _firstStep = _position.Step;
        _parts.Begin(_position.Epoch);
        _loss = new BatchLoss(model, training, _settings, _random, teachers, _ranks);
    }

    /// <summary>
    /// The time and memory that the rest of the run will take, measured without changing it; null where nothing is left to train. All
    /// ranks measure together and get the same.
    /// </summary>
    public RunEstimate? Estimate(CancellationToken cancellation)
    {
        if (_position.Epoch >= _settings.Training.Epochs || _position.Batch >= _sampler.BatchesPerEpoch) return null;
        var estimate = new RunProbe(_model, _loss, _sampler, _training, _validation, _optimizer, _settings, _time, _ranks)
            .Measure(_position.Epoch, _position.Batch, _position.Step, cancellation);
        _expectedEvaluation = estimate.Validation;
        return estimate;
    }

    /// <summary>A sentence that says so where the data is smaller than a batch; else null.</summary>
    public string? SmallData => _sampler.ItemsPerEpoch >= _settings.Training.BatchSize ? null
        : $"the data is smaller than a batch: an epoch is one batch of {_sampler.ItemsPerEpoch} pairs "
            + $"(training.batch_size = {_settings.Training.BatchSize})";

    /// <summary>Optimizer steps done since the run began.</summary>
    public long Step => _position.Step;

    /// <summary>CUDA graphs of the steps since the run was started or resumed; null on a device without.</summary>
    public GraphUse? Graphs => _captured.CanRecord
        ? new(_captured.Recordings, _captured.Replays, Step - _firstStep) : null;

    /// <summary>Epoch whose model lies at the top of the run folder, from 1; 0 before the first is done.</summary>
    public int BestEpoch => _position.BestEpoch + 1 ?? 0;

    /// <summary>
    /// Trains until the last epoch or an early stop, or until cancelled: then a checkpoint of the last whole step is left behind.
    /// </summary>
    /// <exception cref="OperationCanceledException">Cancelled; the run can be resumed.</exception>
    public TrainingEnd Run(IProgress<TrainingProgress>? progress, Action<EpochSummary>? epochDone, CancellationToken cancellation)
    {
        _clock = new RunClock(_time) { ExpectedEvaluation = _expectedEvaluation };
        var log = Log();
        if (_run is { HasBegun: true }) DrawCurves();
        else if (_run is not null) Begin(_run);
        while (_position.Epoch < _settings.Training.Epochs && !HasStoppedImproving)
        {
            EpochSummary summary;
            try
            {
                TrainEpoch(log, progress, cancellation);
                summary = FinishEpoch(log, progress, cancellation);
            }
            catch (OperationCanceledException)
            {
                _optimizer.ClearGradients();
                SaveCheckpoint();
                throw;
            }
            epochDone?.Invoke(summary);
        }
        if (_run is not null && _position.BestEpoch != _position.Epoch - 1) KeepLastModel(_run);
        return _position.Epoch < _settings.Training.Epochs ? TrainingEnd.NoImprovement : TrainingEnd.AllEpochs;
    }

    /// <summary>
    /// Saves the model and the state that the run starts from: vocabulary, sizes and frozen weights are then found in its folder when it is
    /// resumed, whatever has become of the files they were made from.
    /// </summary>
    void Begin(RunFolder run)
    {
        run.StageInitialModel(folder => ModelFolder.Save(folder, _model,
            ModelCard.Write(_model, _training.Data, _settings, epoch: 0, double.NaN, validation: null)));
        SaveCheckpoint();
    }

    RunLog? Log()
    {
        if (_run is null) return null;
        _run.RewindLogs();
        var metrics = MetricsLog.Resume(_run.MetricsPath, _position.Step);
        var events = EventFile.Resume(_run.EventsPath, _position.Step, _time);
        if (_run.EventsAreLost)
            foreach (var line in MetricsLog.Read(_run.MetricsPath)) events.Append(line.Step, line.Values);
        return new(metrics, events);
    }

    bool HasStoppedImproving =>
        _settings.Training.EarlyStoppingEpochs is > 0 and int patience && _position.EvaluationsWithoutImprovement >= patience;

    /// <summary>Frees what the run computed; the model stays the caller's.</summary>
    public void Dispose()
    {
        _captured.Dispose();
        _loss.Dispose();
        _average?.Dispose();
        _optimizer.Dispose();
    }

    void TrainEpoch(RunLog? log, IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        int epoch = _position.Epoch, first = _position.Batch, end = _sampler.BatchesPerEpoch;
        long firstStep = _position.Step - first;
        if (_parts.Begin(epoch)) _captured.Clear(); // what is trained decides what a step does
        _model.ReleaseTrained(); // recorded steps free nothing that was made outside them
        using var queue = new BatchQueue<LoadedBatch>(first, end,
            batch => _loss.Load(_sampler.Batch(epoch, batch), firstStep + batch), _time);
        // Ranks stop between two steps, where all see that one is cancelled.
        var withinStep = _ranks.Count > 1 ? CancellationToken.None : cancellation;
        PendingStep? pending = null;
        var waitedForRanks = _ranks.Waited;
        try
        {
            for (int batch = first; batch < end; batch++)
            {
                RankJob.ThrowIfAnyIsCancelled(_ranks.Group, cancellation);
                var (loaded, waited) = queue.Next(Finish, withinStep);
                PendingStep next;
                using (loaded) next = Begin(loaded, firstStep + batch, batch, waited);
                Finish();
                pending = next;
                // What is logged and saved is that of steps whose loss has been seen.
                if (!_model.Device.WorksBehind || IsCheckpoint(firstStep + batch + 1)) Finish();
            }
            Finish();
        }
        catch (OperationCanceledException)
        {
            Finish();
            _optimizer.Steps = _position.Step;
            throw;
        }

        PendingStep Begin(LoadedBatch loaded, long step, int batch, TimeSpan waited)
        {
            using var scope = TensorScope.Begin();
            int count = loaded.Captions.Length, before = batch * _settings.Training.BatchSize;
            double rate = LearningRate(step);
            var inputs = _loss.Complete(loaded);
            var rates = _optimizer.BeginStep(rate);
            long replays = _captured.Replays;
            var results = _captured.Run(inputs.Sizes, [.. inputs.Tensors, rates], _loss.DrawsFrom(inputs, step), _changed, Work);
            _average?.Update(_optimizer.Steps);
            var forRanks = _ranks.Waited - waitedForRanks;
            waitedForRanks += forRanks;
            return new(step, batch, count, rate, waited, _captured.Replays > replays ? null : forRanks, results[0].ReadLater<float>(),
                results.Length > 1 ? results[1].ReadLater<double>() : null);

            // Recorded work goes through as a whole; any other stops between two chunks.
            Tensor[] Work(IReadOnlyList<Tensor> tensors)
            {
                using var update = _optimizer.BeginUpdate(tensors[^1]);
                var loss = _loss.AddGradient(inputs.With(tensors), step, done => { if (done < count) Report(before + done); },
                    _captured.IsRecording ? CancellationToken.None : withinStep, update.Settled);
                return update.Finish() is { } scale ? [loss, scale] : [loss];
            }
        }

        void Finish()
        {
            if (pending is not { } step) return;
            pending = null;
            Finished(step, log);
            Report(step.Batch * _settings.Training.BatchSize + step.Items);
            if (IsCheckpoint(_position.Step)) SaveCheckpoint();
        }

        void Report(int pairs) =>
            progress?.Report(Progress(TrainingPhase.Training, pairs, _sampler.PairsPerEpoch, _position.LossSum / _position.Batch));
    }

    bool IsCheckpoint(long step) => _settings.Training.CheckpointEverySteps is > 0 and int every && step % every == 0;

    /// <summary>Takes note of a step that the device has done.</summary>
    void Finished(PendingStep step, RunLog? log)
    {
        double loss = step.Loss.Wait()[0], norm = step.Clip?.Wait()[1] ?? 0;
        int epoch = _position.Epoch;
        if (!double.IsFinite(loss) || !double.IsFinite(norm))
            throw new NativeRetrievalException($"epoch {epoch + 1}, step {step.Number + 1}: "
                + $"the loss is {loss} and the gradient's norm {norm}; "
                + "start a run with a lower training.lr or another seed; --init-from goes on from this run's model");
        _position = _position with { Step = step.Number + 1, Batch = step.Batch + 1, LossSum = _position.LossSum + loss };
        var (input, ranks) = _clock.Trained(step.Items, step.Waited, step.ForRanks);
        Log(log, epoch,
        [
            new("loss", loss), new("lr", step.Rate), new("gradient_norm", norm), new("input_wait", Math.Round(input, 4)),
            .. _ranks.Count > 1 && ranks is { } share ? [new("rank_wait", Math.Round(share, 4))] : (KeyValuePair<string, double>[])[],
        ]);
    }

    EpochSummary FinishEpoch(RunLog? log, IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        int epoch = _position.Epoch;
        double loss = _position.LossSum / _sampler.BatchesPerEpoch;
        bool evaluated = _validation is not null && _settings.Training.IsEvaluated(epoch);
        using var averaged = _average?.InUse();
        var metrics = evaluated ? Validate(progress, cancellation) : null;
        // Equal scores keep the later epoch, as the report's public code does.
        bool best = _validation is null || metrics is not null && !(metrics.RecallSum < _position.BestScore);
        if (metrics is not null)
            Log(log, epoch,
            [
                new("validation/r1", metrics.R1.Value), new("validation/r5", metrics.R5.Value), new("validation/r10", metrics.R10.Value),
                new("validation/map10", metrics.Map10.Value), new("validation/median_rank", metrics.MedianRank),
            ]);
        // Epochs that are trained again after a damaged checkpoint leave no model of another course at the top.
        best |= epoch + 1 == _run?.ModelEpoch;
        bool improved = metrics is not null && !(metrics.RecallSum <= _position.BestScore);
        if (best)
            _run?.StageModel(epoch + 1, folder =>
                ModelFolder.Save(folder, _model, ModelCard.Write(_model, _training.Data, _settings, epoch + 1, loss, metrics)));
        averaged?.Dispose();
        _position = _position with
        {
            Epoch = epoch + 1,
            Batch = 0,
            LossSum = 0,
            BestScore = best ? metrics?.RecallSum : _position.BestScore,
            BestEpoch = best ? epoch : _position.BestEpoch,
            EvaluationsWithoutImprovement = metrics is null ? _position.EvaluationsWithoutImprovement
                : improved ? 0 : _position.EvaluationsWithoutImprovement + 1,
        };
        _position = TrainingState.FromJson(_ranks.FromFirst(_position.ToJson)); // the first rank knows which model lies in the folder
        SaveCheckpoint();
        DrawCurves();
        double rate = LearningRate(_position.Step - 1);
        _clock.Saved();
        var (input, ranks) = _clock.EndOfWaits();
        return new EpochSummary(epoch + 1, _settings.Training.Epochs, loss, rate, _clock.PairsPerSecond, input, ranks, metrics, best,
            Remaining(isValidating: false) ?? TimeSpan.Zero);
    }

    void KeepLastModel(RunFolder run)
    {
        using var averaged = _average?.InUse();
        double loss = MetricsLog.Read(run.MetricsPath).Where(line => line.Epoch == _position.Epoch && line["loss"] is not null)
            .Average(line => line["loss"]!.Value);
        run.KeepLastModel(folder =>
            ModelFolder.Save(folder, _model, ModelCard.Write(_model, _training.Data, _settings, _position.Epoch, loss, validation: null)));
    }

    RankingMetrics Validate(IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        _clock.Validating();
        var task = Evaluator.Task(_model, _validation!, _settings.Data.Relevance);
        int clips = _validation!.Data.Clips.Count;
        var scores = Evaluator.Score(_model, _validation, task,
            done => progress?.Report(Progress(TrainingPhase.Validation, done, clips, double.NaN)), cancellation, _ranks.Group);
        var metrics = RankingMetrics.Compute(scores, task.TextToClips);
        _clock.Validated();
        return metrics;
    }

    double LearningRate(long step)
    {
        var options = _settings.Training;
        return options.LearningRate * options.LearningRateSchedule.Factor(step, StepsPerEpoch, StepsPerEpoch * options.Epochs);
    }

    long StepsPerEpoch => _sampler.BatchesPerEpoch;

    TrainingProgress Progress(TrainingPhase phase, int done, int total, double loss)
    {
        int epochs = _settings.Training.Epochs;
        return new TrainingProgress(phase, done, total, Math.Min(_position.Epoch + 1, epochs), epochs, loss, _clock.PairsPerSecond,
            Remaining(phase == TrainingPhase.Validation));
    }

    TimeSpan? Remaining(bool isValidating)
    {
        int epochs = _settings.Training.Epochs - _position.Epoch;
        int done = _position.Batch < _sampler.BatchesPerEpoch ? _position.Batch * _settings.Training.BatchSize : _sampler.PairsPerEpoch;
        return _clock.Remaining((long)epochs * _sampler.PairsPerEpoch - done,
            _validation is null ? 0 : _settings.Training.EvaluationsFrom(_position.Epoch), epochs, isValidating);
    }

    void Log(RunLog? log, int epoch, KeyValuePair<string, double>[] values)
    {
        log?.Metrics.Append(new MetricsLine(epoch + 1, _position.Step, values));
        log?.Events.Append(_position.Step, values);
    }

    void DrawCurves()
    {
        if (_run is not null && File.Exists(_run.MetricsPath))
            CurvePicture.Write(_run.CurvesPath, MetricsLog.Read(_run.MetricsPath));
    }

    void SaveCheckpoint() => _run?.SaveCheckpoint(_state.Items(), _position);

    TrainingState Resume()
    {
        using var checkpoint = _run?.LoadCheckpoint();
        string saved = _ranks.FromFirst(() => checkpoint?.State.ToJson() ?? "");
        if (saved.Length == 0) return new TrainingState(_settings.Seed, Step: 0, Epoch: 0, Batch: 0);
        if (checkpoint is not null) _state.Read(checkpoint.Tensors);
        _ranks.TakeFromFirst(_state.Tensors);
        var state = TrainingState.FromJson(saved);
        _optimizer.Steps = state.Step;
        return state;
    }

    sealed record RunLog(MetricsLog Metrics, EventFile Events);
}
