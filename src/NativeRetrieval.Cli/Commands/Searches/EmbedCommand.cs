using System.CommandLine;
using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Cli.Commands.Indexes;
using NativeRetrieval.Cli.Commands.ModelFolders;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.Models;

namespace NativeRetrieval.Cli.Commands.Searches;

/// <summary><c>embed PATH… | --texts FILE --model MODEL --to vectors.npy</c></summary>
internal static class EmbedCommand
{
    const int TextsPerBatch = 256;

    public static Command Create(Terminal terminal)
    {
        var paths = new Argument<string[]>("PATH")
        {
            Description = "Sound files, and folders to search for them.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var texts = new Option<FileInfo?>("--texts")
        {
            Description = "A file with a sentence on each line, in place of sounds.",
            HelpName = "FILE",
        };
        var text = new Option<string[]>("--text")
        {
            Description = "A sentence, in place of sounds; may be repeated.",
            HelpName = "SENTENCE",
        };
        var model = ModelChoice.Option();
        var to = new Option<FileInfo?>("--to")
        {
            Description = "File to write: .npy (with a list of its rows in NAME.rows.jsonl beside it), .jsonl or .safetensors; "
                + "default: JSON lines on standard output.",
            HelpName = "FILE",
        };
        var windows = new WindowOptions();
        var precision = new TextPrecisionOption("Their vectors differ by some thousandths from those of fp32, and can be compared with "
            + "them and with those of sounds.");
        var device = DeviceOption.Create(isShort: true);
        var command = new DocumentedCommand("embed", "Write the vectors of sounds or sentences, for programs of your own.")
        {
            Examples =
            [
                ("nativeretrieval embed sounds --model model --to sounds.npy", "The windows of all sounds as a NumPy matrix"),
                ("nativeretrieval embed --texts queries.txt --model model --to queries.safetensors", "A vector for each line of a file"),
                ("nativeretrieval embed --text \"rain on a tin roof\" --model model", "One sentence, on standard output"),
            ],
        };
        command.Add(paths);
        foreach (Option option in (Option[])[texts, text, model, to, windows.Window, windows.Hop, precision, .. device.Options])
            command.Add(option);
        command.Validators.Add(result =>
        {
            int kinds = (result.GetValue(paths) is { Length: > 0 } ? 1 : 0) + (result.GetValue(texts) is not null ? 1 : 0)
                + (result.GetValue(text) is { Length: > 0 } ? 1 : 0);
            if (kinds != 1) result.AddError("name sounds, or --texts FILE, or --text SENTENCE: one of them");
        });
        command.SetAction((parsed, cancellation) =>
        {
            var output = EmbeddingOutput.Into(parsed.GetValue(to)?.FullName, terminal);
            string[]? sentences = parsed.GetValue(texts) is { } file ? TextLines.Read(file.FullName, "sentence")
                : parsed.GetValue(text) is { Length: > 0 } given ? given : null;
            var reads = precision.Of(parsed, sentences is not null, "a list of sounds");
            string chosen = new ModelChoice(terminal).NamedOrDefault(parsed.GetValue(model));
            using var runsOn = device.Open(parsed, terminal);
            using var engine = RetrievalEngine.Open(chosen, runsOn, sentences is null ? ModelParts.Audio : ModelParts.Text, reads);
            var skipped = new List<string>();
            // What was named, cannot be heard and is not called a sound may be a list of sentences.
            var perhapsTexts = new List<string>();
            if (sentences is not null) Texts(sentences);
            else Sounds(parsed.GetValue(paths)!, parsed.GetValue(windows.Window), parsed.GetValue(windows.Hop));
            int code = ExitCode.Failure;
            if (output.IsEmpty)
            {
                terminal.Failure("none of the sounds could be embedded, and nothing was written:", string.Join('\n', skipped));
            }
            else
            {
                output.Finish(engine);
                code = Skips.Report(terminal, skipped);
            }
            foreach (string path in perhapsTexts) terminal.Hint($"if {path} has a sentence on each line, name it by --texts");
            return Task.FromResult(code);

            void Texts(string[] sentences)
            {
                using var progress = new Progress(terminal, "embedding", sentences.Length, "sentences");
                int width = engine.Model.Config.EmbeddingDimension, done = 0;
                foreach (string[] batch in sentences.Chunk(TextsPerBatch))
                {
                    cancellation.ThrowIfCancellationRequested();
                    float[] vectors = engine.EmbedTexts(batch);
                    for (int i = 0; i < batch.Length; i++) output.AddText(batch[i], vectors.AsMemory(i * width, width));
                    progress.Report(done += batch.Length);
                }
            }

            void Sounds(string[] roots, double? windowSeconds, double? hopSeconds)
            {
                var settings = engine.IndexSettings(windowSeconds, hopSeconds);
                var found = SoundFiles.Find(roots, cancellation);
                if (found.Files.Count == 0 && found.LeftOut.Count == 0)
                    throw new OptionException($"no sound files in {string.Join(", ", roots)}; `nativeretrieval doctor` lists the kinds");
                skipped.AddRange(found.LeftOut.Where(left => left.Outcome != FileOutcome.Duplicate).Select(left => left.Message!));
                using var progress = new Progress(terminal, "embedding", found.Files.Count, "files");
                for (int i = 0; i < found.Files.Count; i++)
                {
                    cancellation.ThrowIfCancellationRequested();
                    try
                    {
                        foreach (var stretch in engine.EmbedFile(found.Files[i], settings.WindowSeconds, settings.HopSeconds, cancellation,
                            terminal.Warning))
                            output.AddSound(found.Files[i], stretch);
                    }
                    catch (Exception error) when (error is AudioDecodeException or FileReadException)
                    {
                        skipped.Add(error.Message);
                        if (SoundFormats.Of(found.Files[i]) is null) perhapsTexts.Add(found.Files[i]);
                    }
                    progress.Report(i + 1);
                }
            }
        });
        return command;
    }
}
