using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda;
using NativeRetrieval.GradientChecks.Decisions;
using NativeRetrieval.GradientChecks.Models;
using NativeRetrieval.GradientChecks.Sampled;
using NativeRetrieval.GradientChecks.Watching;

namespace NativeRetrieval.GradientChecks;

/// <summary>
/// A device's training pass against float64 on the CPU: each operation on float64's own inputs and gradients, so that no difference of an
/// earlier one is taken for its own; then the whole pass, as it is and with float64's decisions of rectifiers and maxima, of which one that
/// falls the other way among n equal entries of a gradient moves it by √(2/n). Of inference, what training does not run.
/// </summary>
/// <param name="Open">A device of the precision; true asks for algorithms that always give the same bits.</param>
/// <param name="Small">Tiny models, for the emulator.</param>
public sealed record GradientCheck(Func<bool, Device> Open, Precision Precision, bool Small)
{
    /// <param name="models">Names of the models to check; empty: all.</param>
    /// <param name="done">Told each model that is done.</param>
    public GradientReport Run(IReadOnlyCollection<string> models, Action<string>? done = null)
    {
        List<OperationError> operations = [];
        List<PassError> passes = [];
        foreach (var model in CheckedModel.All(Small).Where(model => models.Count == 0 || models.Contains(model.Name)))
        {
            Check(model, operations, passes);
            done?.Invoke(model.Name);
        }
        return new(operations, passes);
    }

    /// <summary>
    /// Operations at the sizes that are timed: 32 clips of 1,001 frames, 32 sentences of 32 tokens, 32 pairs; small: 3 of 130 frames, 8
    /// tokens. Of the audio encoders convolutions, products, norms, windows' attention and clip pooling on random numbers, at sampled
    /// entries; of two layers of BERT, the projections and the loss every operation, at all entries, as <see cref="Run"/> does.
    /// </summary>
    /// <param name="models">Names of the models to check; empty: all.</param>
    /// <param name="done">Told each model that is done.</param>
    public GradientReport RunAtTimedSizes(IReadOnlyCollection<string> models, Action<string>? done = null)
    {
        List<OperationError> operations = [];
        var seen = new HashSet<object>();
        foreach (var model in CheckedModel.AtTimedSizes(Small).Where(model => models.Count == 0 || models.Contains(model.Name)))
        {
            using var device = Open(false);
            if (model.Frames is null) operations.AddRange(CheckOperations(model, device, new()).Found);
            else operations.AddRange(new SampledEncoder(model, device, Precision, Small, seen).Check());
            done?.Invoke(model.Name);
        }
        return new(operations, []);
    }

    void Check(CheckedModel model, List<OperationError> operations, List<PassError> passes)
    {
        var decisions = new DecisionLog();
        using var device = Open(false);
        var (found, first, exact) = CheckOperations(model, device, decisions);
        operations.AddRange(found);
        bool float32 = Precision == Precision.Float32;
        passes.Add(Worst("as it is", exact, first, bound: null, ""));
        passes.Add(Worst("again, beside the first", first, Watched(device, call => call.Run()), bound: null, ""));
        using (var deterministic = Open(true))
            passes.Add(Worst("deterministic algorithms", exact, Watched(deterministic, call => call.Run()), bound: null, ""));
        var given = Watched(device, decisions.Replay);
        passes.Add(Worst("with float64's rectifiers and maxima", exact, given, float32 ? Bounds.WholePass : null,
            $"{decisions.RectifierFlips} of {decisions.Rectified} rectifiers, {decisions.MaximumFlips} of {decisions.Maxima} maxima"));

        IReadOnlyDictionary<string, double[]> Watched(Device under, Func<OperationCall, object?> watch) =>
            model.Gradients(new WatchedDevice(under, watch), DType.Float32);

        PassError Worst(string run, IReadOnlyDictionary<string, double[]> exact, IReadOnlyDictionary<string, double[]> found, double? bound,
            string flips)
        {
            // A key bias moves all scores of a query alike and soft-max ignores that: its gradient is rounding alone, seen beside the
            // query's.
            double Scale(string name) => RelativeError.Norm(exact[name.Replace("key.bias", "query.bias", StringComparison.Ordinal)]);
            var (name, error) = exact.Select(item => (item.Key, Error: RelativeError.Of(item.Value, found[item.Key], Scale(item.Key))))
                .MaxBy(item => item.Error);
            int channels = model.OutputChannels(name);
            return new(model.Name, run, name, error, bound,
                RelativeError.ChannelsOver(exact[name], found[name], 1, channels, Bounds.WholePass, Scale(name)), channels, flips);
        }
    }

    /// <summary>The operations of a pass, on a GPU those of inference, too; the gradients of the device and those of float64.</summary>
    (List<OperationError> Found, IReadOnlyDictionary<string, double[]> First, IReadOnlyDictionary<string, double[]> Exact)
        CheckOperations(CheckedModel model, Device device, DecisionLog decisions)
    {
        var script = new CallScript();
        var first = model.Gradients(new WatchedDevice(device, script.Record), DType.Float32);
        var checker = new OperationChecker(model.Name, device, Precision, script, decisions);
        var exact = model.Gradients(new WatchedDevice(CpuDevice.Shared, checker.Watch), DType.Float64);
        List<OperationError> found = [.. checker.Found];
        if (device is CudaDevice cuda)
        {
            var inference = new InferenceChecker(model.Name, cuda, Precision);
            model.Embed(new WatchedDevice(cuda, inference.Watch));
            found.AddRange(inference.Found);
        }
        return (found, first, exact);
    }
}
