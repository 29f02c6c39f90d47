using System.CommandLine;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.WeightsConvert.Checkpoints;
using NativeRetrieval.WeightsConvert.Conversion;
using NativeRetrieval.WeightsConvert.Names;

namespace NativeRetrieval.Cli.Commands.ModelFolders;

/// <summary>
/// <c>convert CHECKPOINT --to DIR | --to FILE.safetensors | --inspect</c>; also the tool <c>weights-convert</c>, whose only command it is.
/// </summary>
public static class ConvertCommand
{
    const string FileEnding = ".safetensors", OneByOne = "1x1", TwoByTwo = "2x2", Float32 = "float32",
        Int8 = "int8";

    /// <summary>Makes the command.</summary>
    /// <param name="name">Word before CHECKPOINT on the command line.</param>
    /// <param name="before">Words before the name in examples, with a space at their end.</param>
    public static Command Create(Terminal terminal, string name = "convert", string before = "nativeretrieval ")
    {
        var checkpoint = new Argument<string>("CHECKPOINT")
        {
            Description = "A .pth, .pt, .bin, .ckpt or .safetensors file, or a folder with weights or a model.",
        };
        var to = new Option<string?>("--to")
        {
            Description = "Model folder to make, absent or empty; or a .safetensors file, which gets PyTorch's names.",
            HelpName = "DIR",
        };
        var inspect = new Option<bool>("--inspect")
        {
            Description = "Show every tensor with its type, shape and range, and convert nothing.",
        };
        var map = new Option<string?>("--map")
        {
            Description = $"Form of the checkpoint, or of the file to write; default: the one that fits. {NameMaps.Names}.",
            HelpName = "NAME",
        };
        var prefix = new Option<string?>("--prefix")
        {
            Description = "Beginning of the names to take, where a checkpoint holds a model more than once, e.g. ema_model.",
            HelpName = "NAME",
        };
        var vocabulary = new Option<string?>("--vocabulary")
        {
            Description = "vocab.txt, tokenizer.json or a folder with them, where there is none beside the checkpoint.",
            HelpName = "FILE",
        };
        var pooling = new Option<string?>("--block6-pooling")
        {
            Description = "Pooling of CNN14's last block; default: 1x1 for PANNs, 2x2 for the report's.",
        };
        pooling.AcceptOnlyFromAmong(OneByOne, TwoByTwo);
        var frontEnd = new Option<string?>("--front-end") { Description = "Front end of an audio encoder that stores none; default: 32k." };
        frontEnd.AcceptOnlyFromAmong([.. NameMaps.FrontEnds.Select(form => form.Name)]);
        var heads = new Option<int?>("--heads")
        {
            Description = "Attention heads of a text encoder without config.json; default: width / 64.",
            HelpName = "NUMBER",
        };
        var weights = new Option<string?>("--weights")
        {
            Description = "Form of the folder's weights: float32 (default), as the checkpoint has them, or int8, a quarter of the size.",
        };
        weights.AcceptOnlyFromAmong(Float32, Int8);
        var json = JsonOutput.Option();
        var command = new DocumentedCommand(name, "Turn a PyTorch checkpoint into a model folder, a model folder into one file, "
            + "or show what a checkpoint holds. Nothing of it is run. Exits with 5 if it is refused.")
        {
            Examples =
            [
                ($"{before}{name} Cnn14_mAP=0.431.pth --to models/cnn14", "An audio encoder, for train --audio-model"),
                ($"{before}{name} best_model.pth --vocabulary bert-base-uncased/vocab.txt --to models/report",
                    "A retrieval model of the report's authors"),
                ($"{before}{name} models/report --to report.safetensors", "The way back, with the names that the checkpoint had"),
                ($"{before}{name} models/clap --weights int8 --to models/clap-int8", "A quarter of the size, nearly the same vectors"),
                ($"{before}{name} Cnn14_mAP=0.431.pth --inspect", "Every tensor with its range"),
            ],
        };
        command.Add(checkpoint);
        foreach (Option option in (Option[])[to, inspect, map, prefix, vocabulary, pooling, frontEnd, heads, weights, json])
            command.Add(option);
        command.SetAction((parsed, cancellation) =>
        {
            string source = parsed.GetRequiredValue(checkpoint);
            string? target = parsed.GetValue(to);
            if (parsed.GetValue(inspect) == target is not null)
                throw new OptionException("say what to make with --to, or --inspect to look only");
            bool toFile = target?.EndsWith(FileEnding, StringComparison.OrdinalIgnoreCase) == true;
            if (parsed.GetValue(prefix) is not null && (toFile || target is null))
                throw new OptionException("--prefix chooses the tensors of a model folder; give --to DIR");
            if (parsed.GetValue(weights) is not null && (toFile || target is null))
                throw new OptionException("--weights is the form of a model folder's weights; give --to DIR");
            if (target is null)
                Inspect(terminal, source, parsed.GetValue(json), cancellation);
            else if (toFile)
                Write(terminal, parsed.GetValue(json), ModelExport.Run(source, target, parsed.GetValue(map), cancellation));
            else
                Write(terminal, parsed.GetValue(json), CheckpointConversion.Run(new ConversionRequest
                {
                    Checkpoint = source,
                    Target = target,
                    Map = parsed.GetValue(map),
                    Prefix = parsed.GetValue(prefix),
                    Vocabulary = parsed.GetValue(vocabulary),
                    PoolBlock6 = parsed.GetValue(pooling) is { } windows ? windows == TwoByTwo : null,
                    FrontEnd = parsed.GetValue(frontEnd),
                    Heads = parsed.GetValue(heads),
                    Weights = parsed.GetValue(weights) == Int8 ? WeightForm.Int8 : WeightForm.Float32,
                }, cancellation));
            return Task.FromResult(ExitCode.Ok);
        });
        return command;
    }

    static void Inspect(Terminal terminal, string source, bool asJson, CancellationToken cancellation)
    {
        using var opened = CheckpointFile.Open(source);
        if (asJson) terminal.WriteJson(json => CheckpointInspection.WriteJson(opened, json, cancellation));
        else foreach (string line in CheckpointInspection.Lines(opened, cancellation)) terminal.Line(line);
    }

    static void Write(Terminal terminal, bool asJson, ConversionReport report)
    {
        if (asJson) terminal.WriteJson(report.WriteJson);
        else foreach (string line in report.Lines()) terminal.Line(line);
    }
}
