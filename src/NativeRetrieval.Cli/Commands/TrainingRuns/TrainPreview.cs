using System.Globalization;
using System.Text.Json.Nodes;
using NativeRetrieval.Cli.Commands.ModelFolders;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Training.Data;
using NativeRetrieval.Training.Loop;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Cli.Commands.TrainingRuns;

/// <summary>The messages of <c>train</c> before the first epoch: problems of the data, and time and memory of the run.</summary>
internal static class TrainPreview
{
    /// <summary><c>train --check</c></summary>
    /// <param name="findings">Problems that reading the CSV files found.</param>
    /// <returns>Exit code: 1 with errors, 3 with warnings, else 0.</returns>
    public static int Check(Terminal terminal, TrainingRequest request, DataFindings findings, bool json, CancellationToken cancellation)
    {
        DataCheck check;
        using (var display = new TrainingDisplay(terminal)) check = TrainingSession.Check(request, findings, display, cancellation);
        if (json) terminal.WriteJson(check.ToJson());
        else
        {
            terminal.Line(Summary(check));
            foreach (var finding in check.Findings)
                terminal.Line($"{finding.Severity.ToString().ToLowerInvariant()}: {Text(finding)}");
            if (check.Findings.Count == 0) terminal.Line("nothing is wrong with it");
        }
        return check.HasErrors ? ExitCode.Failure : check.HasWarnings ? ExitCode.Partial : ExitCode.Ok;
    }

    /// <summary><c>train --estimate</c></summary>
    public static int Estimate(Terminal terminal, TrainingRequest request, bool json, CancellationToken cancellation)
    {
        RunEstimate estimate;
        using (var display = new TrainingDisplay(terminal))
            estimate = TrainingSession.Estimate(Noted(terminal, display, request), display, cancellation);
        if (request.Group is { Rank: > 0 }) return ExitCode.Ok;
        if (json) terminal.WriteJson(ToJson(estimate));
        else terminal.Line(Text(estimate));
        if (!estimate.Fits) terminal.Warning(TooLarge(request));
        return ExitCode.Ok;
    }

    /// <summary>
    /// A sentence about encoders of the report's size that will start from random weights, and what to fetch instead; null: none does.
    /// </summary>
    public static string? FromScratch(Terminal terminal, TrainingRequest request)
    {
        if (request.Resume || request.InitialModel is not null) return null;
        var (model, text, published) = (request.Settings.Model, request.Settings.Text, new TextSettings());
        var missing = new List<(string Encoder, string Name, string Option)>();
        if (request.AudioModel is null && model.AudioChannels is null)
            missing.Add(($"the audio encoder ({model.AudioEncoder.Key})", $"panns-{model.AudioEncoder.Key}", "--audio-model"));
        if (request.TextModel is null && (text.HiddenWidth, text.Layers) == (published.HiddenWidth, published.Layers))
            missing.Add(("the text encoder (BERT-base)", "bert-base-uncased", "--text-model"));
        if (missing.Count == 0) return null;
        var catalogue = KnownModels.Of(terminal);
        var known = missing.Where(part => catalogue.Contains(part.Name)).ToList();
        return $"{string.Join(" and ", missing.Select(part => part.Encoder))} will start from random weights, which takes far more than a "
            + "few thousand clips to train; the report starts from published ones"
            + (known.Count == 0 ? "" : $": {string.Join("; ", known.Select(part => $"nativeretrieval models fetch {part.Name}"))}; then "
                + $"train … {string.Join(' ', known.Select(part => $"{part.Option} {part.Name}"))}");
    }

    /// <summary>The request with all messages printed in passing, when the run begins.</summary>
    public static TrainingRequest Announced(Terminal terminal, TrainingDisplay display, TrainingRequest request) => Noted(terminal, display,
        request) with
    {
        Checked = check =>
        {
            display.EndLine();
            terminal.Message(Summary(check));
            foreach (var finding in check.Findings)
                if (finding.Severity == DataSeverity.Note) terminal.Message($"  {Text(finding)}");
                else terminal.Warning(Text(finding));
        },
        Estimated = estimate =>
        {
            display.EndLine();
            terminal.Message(Text(estimate));
            if (!estimate.Fits) terminal.Warning(TooLarge(request));
        },
    };

    static TrainingRequest Noted(Terminal terminal, TrainingDisplay display, TrainingRequest request) => request with
    {
        Noted = note =>
        {
            display.EndLine();
            terminal.Message(note);
        },
    };

    static string Summary(DataCheck check)
    {
        string sound = Output.Progress.Duration(TimeSpan.FromSeconds(check.Seconds));
        string data = $"data: {Counted.Of(check.Clips, "clip")} with {Counted.Of(check.Captions, "caption")}, {sound}";
        return check.ValidationClips == 0 ? data : $"{data}; {Counted.Of(check.ValidationClips, "clip")} for validation";
    }

    static string Text(DataFinding finding) =>
        $"{finding.Summary}: {string.Join(", ", finding.Examples)}{(finding.Count > finding.Examples.Count ? ", …" : "")}";

    static string Text(RunEstimate estimate)
    {
        string epoch = Output.Progress.Duration(estimate.Epoch), all = Output.Progress.Duration(estimate.Total);
        string validation = estimate.Validation > TimeSpan.Zero
            ? $" and {Output.Progress.Duration(estimate.Validation)} its validation" : "";
        string epochs = estimate.EpochsLeft == 1 ? "epoch" : "epochs";
        string batches = estimate.StepsPerEpoch == 1 ? "batch" : "batches";
        string speed = estimate.ClipsPerSecond.ToString(estimate.ClipsPerSecond < 10 ? "0.0##" : "N1", CultureInfo.InvariantCulture);
        string memory = $"{Sizes.Text(estimate.PeakMemoryBytes)} of {Sizes.Text(estimate.MachineMemoryBytes)}"
            + (estimate.Ranks > 1 ? $" on each of {estimate.Ranks} ranks" : "");
        return string.Create(CultureInfo.InvariantCulture, $"estimate: {speed} clips/s, "
            + $"{epoch} an epoch of {estimate.StepsPerEpoch:N0} {batches}{validation}, "
            + $"{all} for {estimate.EpochsLeft:N0} {epochs}; memory {memory}");
    }

    static string TooLarge(TrainingRequest request)
    {
        int batch = request.Settings.Training.BatchSize;
        return string.Create(CultureInfo.InvariantCulture, $"a batch of {batch} does not fit into memory; "
            + $"training.chunk_size computes it in parts (e.g. --set training.chunk_size={Math.Max(1, batch / 4)})");
    }

    static JsonObject ToJson(RunEstimate estimate) => new()
    {
        ["schema_version"] = JsonOutput.SchemaVersion,
        ["clips_per_second"] = estimate.ClipsPerSecond,
        ["step_seconds"] = estimate.Step.TotalSeconds,
        ["steps_per_epoch"] = estimate.StepsPerEpoch,
        ["epoch_seconds"] = estimate.Epoch.TotalSeconds,
        ["validation_seconds"] = estimate.Validation.TotalSeconds,
        ["total_seconds"] = estimate.Total.TotalSeconds,
        ["epochs_left"] = estimate.EpochsLeft,
        ["peak_memory_bytes"] = estimate.PeakMemoryBytes,
        ["machine_memory_bytes"] = estimate.MachineMemoryBytes,
        ["fits"] = estimate.Fits,
        ["ranks"] = estimate.Ranks,
    };
}
