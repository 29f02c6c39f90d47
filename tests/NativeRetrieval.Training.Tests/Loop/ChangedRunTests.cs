using System.Text.Json.Nodes;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Training.Loop;
using NativeRetrieval.Training.Settings;
using NativeRetrieval.Training.Tests.Runs;

namespace NativeRetrieval.Training.Tests.Loop;

/// <summary>Runs whose files were damaged or changed between two starts: noticed, and nothing is lost by it.</summary>
public sealed class ChangedRunTests(StoppedRun runs) : IClassFixture<StoppedRun>, IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly List<string> _notes = [];

    string Broken => _folder["broken"];

    [Theory]
    [InlineData(false, "flip", "its SHA-256 is not the one that was saved")]
    [InlineData(false, "cut", "bytes, but")]
    [InlineData(false, "zero", "its SHA-256 is not the one that was saved")]
    [InlineData(false, "delete", "it was saved, but it does not exist")]
    [InlineData(false, "receipt", "not a checkpoint's receipt")]
    [InlineData(false, "no receipt", "its receipt checkpoint-3.json is absent")]
    [InlineData(true, "flip", "its SHA-256 is not the one that was saved")]
    [InlineData(true, "zero", "its SHA-256 is not the one that was saved")]
    public void The_checkpoint_before_a_damaged_one_is_taken_and_a_line_says_so(bool atEnd, string damage, string message)
    {
        if (atEnd) Copy(runs.Whole);
        else Copy(runs.Stopped);
        string before = atEnd ? "checkpoint-3.safetensors (step 4)" : "checkpoint-2.safetensors (step 2)";
        string file = At("checkpoints", $"checkpoint-{(atEnd ? 4 : 3)}.safetensors"), receipt = Path.ChangeExtension(file, ".json");
        byte[] bytes = File.ReadAllBytes(file);
        if (damage == "flip") File.WriteAllBytes(file, [.. bytes[..^2], (byte)(bytes[^2] ^ 1), bytes[^1]]);
        else if (damage == "cut") File.WriteAllBytes(file, bytes[..^1]);
        else if (damage == "zero") File.WriteAllBytes(file, new byte[bytes.Length]);
        else if (damage == "delete") File.Delete(file);
        else if (damage == "receipt") File.WriteAllText(receipt, "");
        else File.Delete(receipt);
        Run(Request(Broken) with { Resume = true });
        string note = Assert.Single(_notes);
        Assert.Contains(message, note);
        Assert.Contains($"going on from the checkpoint before it, {before}", note);
        AssertAsWhole();
    }

    [Fact]
    public void Fewer_epochs_than_the_model_at_the_top_has_are_refused_though_its_checkpoint_is_damaged()
    {
        Copy(runs.Whole);
        File.WriteAllText(At("checkpoints", "checkpoint-4.safetensors"), "");
        Assert.Contains("has done or begun 3 of its 3 epochs",
            Assert.Throws<OptionException>(() => Run(Request(Broken, "training.epochs=2") with { Resume = true })).Message);
    }

    [Fact]
    public void A_checkpoint_that_reads_back_otherwise_than_it_was_written_is_none()
    {
        DurableFile.AfterStep = (step, path) =>
        {
            if (step != "rename" || Path.GetFileName(path) != "checkpoint-3.safetensors") return;
            using var file = new FileStream(path, FileMode.Open);
            file.Position = file.Length - 1;
            int last = file.ReadByte();
            file.Position--;
            file.WriteByte((byte)(last ^ 1));
        };
        Assert.Contains("reads back otherwise than it was written",
            Assert.Throws<FileWriteException>(() => Run(Request(Broken))).Message);
        DurableFile.AfterStep = null;
        Run(Request(Broken) with { Resume = true });
        AssertAsWhole();
    }

    [Fact]
    public void Checkpoints_without_any_receipt_are_refused_and_kept()
    {
        Copy(runs.Stopped);
        foreach (string receipt in Directory.GetFiles(At("checkpoints"), "*.json")) File.Move(receipt, receipt + ".away");
        Assert.Contains("its receipt checkpoint-3.json is absent", Refused<CorruptFileException>(Request(Broken)).Message);
        foreach (string receipt in Directory.GetFiles(At("checkpoints"), "*.away")) File.Move(receipt, receipt[..^5]);
        Run(Request(Broken) with { Resume = true });
        AssertAsWhole();
    }

    [Theory]
    [InlineData("cut", "bytes, and")]
    [InlineData("replace", "bytes are not those that were saved")]
    [InlineData("delete", "it does not exist, and")]
    public void A_log_that_lacks_what_the_checkpoint_knows_is_refused(string damage, string message)
    {
        Copy(runs.Stopped);
        string log = At("metrics.jsonl"), text = File.ReadAllText(log);
        if (damage == "cut") File.WriteAllText(log, text[..text.IndexOf('\n')]);
        else if (damage == "replace") File.WriteAllText(log, text.Replace("\"loss\":", "\"loss\":1", StringComparison.Ordinal));
        else File.Delete(log);
        string refusal = Refused<CorruptFileException>(Request(Broken)).Message;
        Assert.Contains(log, refusal);
        Assert.Contains(message, refusal);
        Assert.Contains("restore the file, or start a new run with --init-from", refusal);
        // Lines behind the checkpoint are what a kill leaves; they are trained again.
        File.WriteAllText(log, text + """{"epoch":2,"step":4,"loss":9}""" + "\n" + """{"epoch":2,"st""");
        Run(Request(Broken) with { Resume = true });
        AssertAsWhole();
    }

    [Fact]
    public void Events_for_TensorBoard_that_are_gone_are_made_anew_from_the_log()
    {
        Copy(runs.Stopped);
        long length = new FileInfo(Path.Combine(runs.Whole, "events.out.tfevents.run")).Length;
        File.Delete(At("events.out.tfevents.run"));
        Run(Request(Broken) with { Resume = true });
        Assert.Contains("made anew from metrics.jsonl", Assert.Single(_notes));
        Assert.Equal(length, new FileInfo(At("events.out.tfevents.run")).Length);
    }

    [Fact]
    public void Settings_that_were_edited_are_refused_with_both_values()
    {
        Copy(runs.Stopped);
        string path = At("settings.yaml"), text = File.ReadAllText(path);
        File.WriteAllText(path, text.Replace("lr: 0.002", "lr: 0.5", StringComparison.Ordinal).Replace("seed: 0", "seed: 7",
            StringComparison.Ordinal));
        string refusal = Refused<OptionException>(Request(Broken)).Message;
        Assert.Contains("seed was 0 and is 7; training.lr was 0.002 and is 0.5", refusal);
        Assert.Contains("put the first values back", refusal);
        File.WriteAllText(path, "# mine\n" + text);
        Run(Request(Broken) with { Resume = true });
        AssertAsWhole();
    }

    [Fact]
    public void A_number_of_epochs_that_was_edited_is_asked_for_by_the_command()
    {
        Copy(runs.Stopped);
        string path = At("settings.yaml");
        File.WriteAllText(path, File.ReadAllText(path).Replace("epochs: 3", "epochs: 2", StringComparison.Ordinal));
        var bare = Request(Broken) with { Settings = new TrainingSettings(), SettingsAreWhole = false };
        Assert.Contains("training.epochs is 2 in settings.yaml, but the run has 3; ask for the change with --set training.epochs=2",
            Refused<OptionException>(bare).Message);
        Run(Request(Broken, "training.epochs=2") with { Resume = true });
        Assert.Contains("training.epochs was 3 and is now 2", Assert.Single(_notes));
        _notes.Clear();
        Run(bare with { Resume = true });
        Assert.Empty(_notes);
    }

    [Fact]
    public void Another_model_at_the_top_is_refused_though_its_checksums_are_right()
    {
        Copy(runs.Stopped);
        foreach (string name in (string[])["model.safetensors", "SHA256SUMS", "README.md"])
            File.Copy(Path.Combine(runs.Whole, name), At(name), overwrite: true);
        string refusal = Refused<CorruptFileException>(Request(Broken)).Message;
        Assert.Contains($"{At("model.safetensors")}: its SHA-256 is ", refusal);
        Assert.Contains("restore the run's model", refusal);
    }

    [Theory]
    [InlineData("vocab.txt")]
    [InlineData("tokenizer_config.json")]
    [InlineData("preprocessor_config.json")]
    public void A_file_of_the_model_that_was_edited_is_refused_without_the_list_of_checksums_too(string name)
    {
        Copy(runs.Stopped);
        File.AppendAllText(At(name), "\n");
        File.Delete(At("SHA256SUMS"));
        Assert.Contains($"{At(name)}: its SHA-256 is ", Refused<CorruptFileException>(Request(Broken)).Message);
    }

    [Fact]
    public void A_list_of_held_out_clips_that_was_edited_is_refused_and_an_absent_one_written_again()
    {
        var request = Request(Broken, "data.hold_out_clips=3");
        Run(request);
        string path = At("holdout.csv"), text = File.ReadAllText(path);
        File.WriteAllText(path, text[..^10]);
        Assert.Contains($"{path}: it is not the list that the run wrote", Refused<CorruptFileException>(request).Message);
        File.Delete(path);
        Run(request with { Resume = true });
        Assert.Equal(text, File.ReadAllText(path));
        Assert.Contains("written again", Assert.Single(_notes));
    }

    [Fact]
    public void Clips_that_can_no_longer_be_decoded_would_make_another_run()
    {
        Copy(runs.Stopped);
        byte[] sound = File.ReadAllBytes(runs.Training.Clips[0].AudioPath);
        File.WriteAllText(runs.Training.Clips[0].AudioPath, "no sound");
        string refusal = Refused<OptionException>(Request(Broken)).Message;
        Assert.Contains("was begun with 12 clips that could be decoded, and now 11 can", refusal);
        Assert.Contains(runs.Training.Clips[0].AudioPath, refusal);
        File.WriteAllBytes(runs.Training.Clips[0].AudioPath, sound);
        Run(Request(Broken) with { Resume = true });
        AssertAsWhole();
    }

    [Fact]
    public void A_damaged_description_is_refused_and_an_absent_one_is_not_a_new_beginning()
    {
        Copy(runs.Stopped);
        string path = At("run.json"), text = File.ReadAllText(path);
        foreach (string damaged in (string[])["", text[..^20], """{"data_sha256": "a", "starts": null}"""])
        {
            File.WriteAllText(path, damaged);
            Assert.Contains("not a run's description", Refused<CorruptFileException>(Request(Broken)).Message);
        }
        File.Delete(path);
        Assert.Contains("run.json is absent; restore it", Refused<OptionException>(Request(Broken)).Message);
        File.Delete(At("config.json"));
        Assert.Throws<OptionException>(() => Run(Request(Broken)));
    }

    [Fact]
    public void A_run_without_a_model_yet_starts_from_the_weights_it_was_begun_with()
    {
        var request = Request(Broken) with { InitialModel = runs.Whole };
        DurableFile.AfterStep = (_, path) =>
        {
            if (path.EndsWith("data-check.json", StringComparison.Ordinal)) throw new InvalidOperationException("killed");
        };
        Assert.Throws<InvalidOperationException>(() => Run(request));
        DurableFile.AfterStep = null;
        Assert.Contains("was begun with --init-from that hashes to",
            Refused<OptionException>(request with { InitialModel = null }).Message);
        Run(request with { Resume = true });
        Run(request with { RunFolder = _folder["straight"] });
        Assert.Equal(File.ReadAllBytes(Path.Combine(_folder["straight"], "model.safetensors")), File.ReadAllBytes(At("model.safetensors")));
    }

    [Fact]
    public void The_model_that_a_run_starts_from_is_compared_with_its_description()
    {
        runs.Stop(Request(Broken), 0);
        string path = At("run.json");
        var json = JsonNode.Parse(File.ReadAllText(path))!;
        json["initial_model_sha256"] = new string('a', 64);
        File.WriteAllText(path, json.ToJsonString());
        Assert.Contains("this is not the model that it was begun with", Refused<CorruptFileException>(Request(Broken)).Message);
    }

    [Fact]
    public void A_run_of_the_version_before_goes_on_and_a_line_says_that_it_kept_no_checksums()
    {
        Copy(runs.Stopped);
        MakeOld(keepCheckpoint: true);
        Run(Request(Broken) with { Resume = true });
        Assert.Contains("was begun by an earlier version, which kept no checksums", Assert.Single(_notes));
        AssertAsWhole();
        Assert.False(File.Exists(At("checkpoints", "last.json")));
        Assert.Equal(2, JsonNode.Parse(File.ReadAllText(At("run.json")))!["schema_version"]!.GetValue<int>());
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(3, true)]
    public void A_run_of_the_version_before_that_was_killed_before_its_first_checkpoint_starts_only_from_its_first_model(int steps,
        bool refused)
    {
        runs.Stop(Request(Broken), steps);
        MakeOld(keepCheckpoint: false);
        if (!refused)
        {
            Run(Request(Broken) with { Resume = true });
            AssertAsWhole();
            return;
        }
        string model = Convert.ToHexString(File.ReadAllBytes(At("model.safetensors")));
        string refusal = Refused<CorruptFileException>(Request(Broken)).Message;
        Assert.Contains("this is not the model that it was begun with", refusal);
        Assert.Equal(model, Convert.ToHexString(File.ReadAllBytes(At("model.safetensors"))));
    }

    public void Dispose()
    {
        DurableFile.AfterStep = null;
        _folder.Dispose();
    }

    /// <summary>Makes the folder what the version before would have left: one pointer, no receipts, the first layout.</summary>
    void MakeOld(bool keepCheckpoint)
    {
        string work = At("checkpoints");
        string newest = Directory.GetFiles(work, "checkpoint-*.json").Order(StringComparer.Ordinal).Last();
        if (keepCheckpoint)
        {
            var receipt = JsonNode.Parse(File.ReadAllText(newest))!;
            File.WriteAllText(Path.Combine(work, "last.json"), new JsonObject
            {
                ["schema_version"] = 1,
                ["file"] = receipt["file"]!.DeepClone(),
                ["size_bytes"] = receipt["size_bytes"]!.DeepClone(),
                ["sha256"] = receipt["sha256"]!.DeepClone(),
            }.ToJsonString());
        }
        foreach (string file in Directory.GetFiles(work, "checkpoint-*"))
            if (!keepCheckpoint || Path.ChangeExtension(file, ".json") != newest || file == newest) File.Delete(file);
        var json = JsonNode.Parse(File.ReadAllText(At("run.json")))!.AsObject();
        json["schema_version"] = 1;
        foreach (string added in (string[])["settings", "decoded_sha256", "decoded_clips"]) json.Remove(added);
        File.WriteAllText(At("run.json"), json.ToJsonString());
    }

    /// <summary>Makes the broken run as the other one was left.</summary>
    void Copy(string run)
    {
        FolderCopy.Write(run, Broken);
        File.Copy(Path.Combine(run, "checkpoints", "lock"), At("checkpoints", "lock"));
    }

    void AssertAsWhole()
    {
        foreach (string name in (string[])["metrics.jsonl", "model.safetensors", "curves.svg"])
            Assert.True(File.ReadAllBytes(Path.Combine(runs.Whole, name)).AsSpan()
                .SequenceEqual(File.ReadAllBytes(At(name))), name);
    }

    string At(params string[] names) => Path.Combine([Broken, .. names]);

    /// <summary>The refusal of a resume, which changes nothing that the run has saved.</summary>
    static T Refused<T>(TrainingRequest request) where T : Exception
    {
        var before = Snapshot(request.RunFolder);
        var error = Assert.Throws<T>(() => Run(request with { Resume = true }));
        Assert.Equal(before, Snapshot(request.RunFolder));
        return error;
    }

    static Dictionary<string, string> Snapshot(string folder) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .ToDictionary(file => Path.GetRelativePath(folder, file), FileHashOf);

    static string FileHashOf(string file) => FileHash.Sha256(file);

    static void Run(TrainingRequest request) => TrainingSession.Run(request, null, null, TestContext.Current.CancellationToken);

    TrainingRequest Request(string run, params string[] overrides) => runs.Request(run, overrides) with { Noted = _notes.Add };
}
