using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Encoders;
using NativeRetrieval.Models;
using NativeRetrieval.Nn.Schedules;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Training.Data;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Tests.Settings;

public sealed class SettingsTests
{
    [Fact]
    public void TheDefaultsAreTheReportsRecipeWithOwnLengthPadding()
    {
        var settings = SettingsLoader.Load(null, []);
        var training = settings.Training;
        Assert.Equal((50, 32, 1e-4, 2.0), (training.Epochs, training.BatchSize, training.LearningRate, training.GradientClip));
        Assert.Equal(new LearningRateSchedule.StepDecay(20, 10), training.LearningRateSchedule);
        Assert.Equal(new NtXentOptions(0.07, Positives.Paper, LossScale.Sum), settings.Loss.NtXent);
        Assert.Equal(new SpecAugmentOptions(2, 64, 2, 8), settings.Augmentation.SpecAugment);
        Assert.Equal((0.2, 0.2), (settings.Model.AudioDropout, settings.Text.Dropout));
        Assert.Equal((2048, 2048, 1024), (settings.Model.AudioHeadWidth, settings.Model.TextHeadWidth, settings.Model.EmbeddingDimension));
        Assert.Equal(PaddingRule.OwnLength, settings.Audio.Padding);
        Assert.Equal(PaddingRule.Paper, SettingsLoader.Load("paper", []).Audio.Padding);
        Assert.Equal(SettingsWriter.ToYaml(settings),
            SettingsWriter.ToYaml(SettingsLoader.Load("paper", ["audio.padding=own-length", "loss.loss_scale=sum"])));
        Assert.Equal(SettingsWriter.ToYaml(SettingsLoader.Load("paper", ["audio.padding=window", "audio.max_seconds=10"])),
            SettingsWriter.ToYaml(SettingsLoader.Load("paper-audiocaps", [])));
    }

    /// <summary>
    /// All of the report's recipe, as it is written into a run's settings.yaml: what the report states, where it is silent what its public
    /// code does, and of loss and clipping the code's pair: half of the report's loss, its gradient clipped at 2.
    /// </summary>
    [Fact]
    public void ThePresetPaperIsPinned()
    {
        var settings = SettingsLoader.Load("paper", []);
        var pinned = new Dictionary<string, string>
        {
            ["model.audio_encoder"] = "cnn14", ["model.audio_channels"] = "null", ["model.block6_pooling"] = "2x2",
            ["model.audio_dropout"] = "0.2",
            ["model.audio_head_width"] = "2048", ["model.text_head_width"] = "2048", ["model.embedding_dimension"] = "1024",
            ["audio.max_seconds"] = "30", ["audio.padding"] = "paper",
            ["text.pooling"] = "cls", ["text.dropout"] = "0.2", ["text.apostrophe_to_blank"] = "false",
            ["augmentation.time_stripes"] = "2", ["augmentation.time_stripe_frames"] = "63", ["augmentation.mel_stripes"] = "2",
            ["augmentation.mel_stripe_bins"] = "7",
            ["augmentation.circular_shift"] = "false", ["augmentation.gain_db"] = "0", ["augmentation.random_crop"] = "false",
            ["augmentation.warp_tempo"] = "0", ["augmentation.warp_bins"] = "0", ["augmentation.filter_db"] = "0",
            ["training.epochs"] = "50", ["training.batch_size"] = "32", ["training.drop_last_batch"] = "true",
            ["training.chunk_size"] = "0",
            ["training.optimizer"] = "adam", ["training.lr"] = "0.0001", ["training.weight_decay"] = "0", ["training.gradient_clip"] = "2",
            ["training.schedule"] = "step", ["training.decay_every_epochs"] = "20", ["training.decay_divisor"] = "10",
            ["training.warmup_steps"] = "0",
            ["training.audio_encoder_rate"] = "1", ["training.text_encoder_rate"] = "1", ["training.head_rate"] = "1",
            ["training.freeze_audio_encoder"] = "false", ["training.freeze_text_encoder"] = "false", ["training.freeze_audio_stages"] = "0",
            ["training.freeze_text_stages"] = "0",
            ["training.freeze_batch_norm"] = "false", ["training.validate_every_epochs"] = "1", ["training.early_stopping_epochs"] = "0",
            ["training.average_decay"] = "0",
            ["loss.temperature"] = "0.07", ["loss.positives"] = "paper", ["loss.loss_scale"] = "mean", ["data.captions"] = "all",
            ["data.hold_out_clips"] = "0",
        };
        foreach (var (key, value) in pinned)
        {
            var definition = SettingsCatalogue.Find(key)!;
            Assert.Equal((key, value), (key, definition.Format(definition.Get(settings))));
        }
    }

    [Fact]
    public void EveryPresetIsValidAndSurvivesWritingAndReading()
    {
        foreach (string name in Presets.Names)
        {
            var settings = SettingsLoader.Load(name, ["seed=7"]);
            string yaml = SettingsWriter.ToYaml(settings);
            Assert.Equal(yaml, SettingsWriter.ToYaml(SettingsLoader.Parse(yaml, "stored")));
            Assert.Equal(7, SettingsLoader.Parse(yaml, "stored").Seed);
        }
    }

    /// <summary>
    /// Each setting, changed alone, must come back from its written form: none is forgotten, misnamed or tied to another.
    /// </summary>
    [Fact]
    public void EverySettingCanBeOverriddenAlone()
    {
        var defaults = new TrainingSettings();
        foreach (var definition in SettingsCatalogue.All)
        {
            object? value = definition.Get(defaults);
            string other = value switch
            {
                bool truth => truth ? "false" : "true",
                null => "[65,129,257,513,1025,2049]",
                Enum or AudioArchitecture => definition.Allowed.Split(" | ").First(name => name != definition.Format(value)),
                double number => definition.Format(number / 2 + 0.01),
                _ when definition.Key == "text.heads" => "6",
                _ when definition.Key == "text.hidden_width" => "384",
                _ => (Convert.ToInt64(value) + 2).ToString(),
            };
            string[] overrides = definition.Key switch
            {
                "training.warmup_steps" => ["training.schedule=cosine", $"{definition.Key}={other}"],
                "training.unfreeze_audio_epoch" => ["training.freeze_audio_stages=1", $"{definition.Key}={other}"],
                "training.unfreeze_text_epoch" => ["training.freeze_text_encoder=true", $"{definition.Key}={other}"],
                _ => [$"{definition.Key}={other}"],
            };
            var changed = SettingsLoader.Parse(SettingsWriter.ToYaml(SettingsLoader.Load(null, overrides)), "stored");
            var differing = SettingsCatalogue.All.Where(d => d.Format(d.Get(changed)) != d.Format(d.Get(defaults))).Select(d => d.Key);
            Assert.Equal(overrides.Select(entry => entry.Split('=')[0]).Order(), differing.Order());
            Assert.Equal(other.Replace(",", ", "), definition.Format(definition.Get(changed)));
        }
        Assert.Equal(new TrainingSettings().Training.Epochs, defaults.Training.Epochs);
    }

    [Theory]
    [InlineData("training.lr=abc", "--set training.lr=abc: training.lr = 'abc' is not allowed; it takes a number above 0 to 10")]
    [InlineData("training.precision=half", "training.precision = 'half' is not allowed; it takes fp32 | tf32 | bf16")]
    [InlineData("training.lr=0", "training.lr = 0 is not allowed")]
    [InlineData("training.lr=NaN", "training.lr = NaN is not allowed")]
    [InlineData("training.epochs=2.5", "it takes a whole number from 1 to 100000")]
    [InlineData("training.epochs=0", "training.epochs = 0 is not allowed")]
    [InlineData("training.batch_size=1", "--set training.batch_size=1: training.batch_size = 1 is not allowed; it takes a whole number "
        + "from 2 to 65536: a pair is learned against the others of its batch, and a batch of one has none")]
    [InlineData("training.drop_last_batch=yes", "it takes true | false")]
    [InlineData("loss.positives=same_text", "it takes paper | clip | same-text | dropped")]
    [InlineData("model.audio_encoder=cnn7", "it takes cnn14 | resnet38 | cnn10 | cnn6")]
    [InlineData("model.audio_channels=[1,2,3]",
        "model.audio_channels = [1, 2, 3] is not allowed; cnn14 takes 6 whole numbers, such as its published [64, 128,")]
    [InlineData("model.audio_channels=[1,2,3,4,5,6] model.audio_encoder=cnn6", "cnn6 takes 4 whole numbers")]
    [InlineData("model.audio_channels=[1,2,3,4,5,0]", "it takes null | [whole numbers from 1 to 8192]")]
    [InlineData("model.audio_channels=1,2,3,4,5,6", "it takes null | [whole numbers from 1 to 8192]")]
    [InlineData("model.cnn6_widths=[1,2,3]",
        "--set model.cnn6_widths=[1,2,3]: model.audio_channels = [1, 2, 3] is not allowed; cnn6 takes 4 whole numbers")]
    [InlineData("model.cnn7_widths=[1,2,3]", "there is no setting 'model.cnn7_widths'")]
    [InlineData("model.block6_pooling=2", "it takes 2x2 | 1x1")]
    [InlineData("training.lrr=1", "there is no setting 'training.lrr'; did you mean training.lr?")]
    [InlineData("training.bach_size=1", "did you mean training.batch_size?")]
    [InlineData("loss_scale=mean", "did you mean loss.loss_scale?")]
    [InlineData("training.momentum_of_sgd=1", "training has epochs, batch_size, ")]
    [InlineData("quantisation.bits=1", "the sections are model, audio, text, augmentation, training, loss, data")]
    [InlineData("training.lr", "expected key=value")]
    [InlineData("text.heads=5", "text.hidden_width = 768 must be a multiple of text.heads = 5")]
    [InlineData("training.warmup_steps=5", "needs training.schedule=cosine")]
    [InlineData("training.unfreeze_audio_epoch=5",
        "training.unfreeze_audio_epoch = 5 unfreezes nothing; set training.freeze_audio_encoder or training.freeze_audio_stages")]
    [InlineData("training.unfreeze_text_epoch=5", "training.unfreeze_text_epoch = 5 unfreezes nothing")]
    [InlineData("training.unfreeze_text_epoch=50 training.freeze_text_encoder=true",
        "training.unfreeze_text_epoch = 50 is never reached: training.epochs = 50")]
    [InlineData("training.freeze_audio_stages=2 training.freeze_audio_encoder=true",
        "training.freeze_audio_stages = 2 says nothing beside training.freeze_audio_encoder = true")]
    [InlineData("training.freeze_text_stages=2 training.freeze_text_encoder=true", "training.freeze_text_stages = 2 says nothing")]
    [InlineData("training.freeze_text_encoder=true training.freeze_audio_encoder=true training.head_rate=0", "nothing is trained")]
    [InlineData("training.freeze_text_encoder=true training.freeze_audio_encoder=true model.audio_head_width=0 model.text_head_width=0",
        "there are no heads")]
    [InlineData("training.average_decay=1", "training.average_decay = 1 is not allowed; it takes a number from 0 to 0.999999")]
    [InlineData("augmentation.gain_db=-1", "augmentation.gain_db = -1 is not allowed; it takes a number from 0 to 60")]
    public void WrongOverridesSayWhatToDo(string entries, string message) =>
        Assert.Contains(message, Assert.Throws<OptionException>(() => SettingsLoader.Load(null, entries.Split(' '))).Message);

    [Fact]
    public void EveryNameOfPositivesIsRead() =>
        Assert.Equal([Positives.Paper, Positives.Clip, Positives.SameText, Positives.Dropped],
            new[] { "paper", "clip", "same-text", "dropped" }
                .Select(name => SettingsLoader.Load(null, [$"loss.positives={name}"]).Loss.NtXent.Positives));

    [Theory]
    [InlineData("training:\n  lr: 1e-3\n  epoch: 3\n",
        "x.yaml line 3: there is no setting 'training.epoch'; did you mean training.epochs?")]
    [InlineData("training:\n  lr: fast\n", "x.yaml line 2: training.lr = 'fast'")]
    [InlineData("training:\n  lr: {a: 1}\n", "x.yaml line 2: expected a single value")]
    [InlineData("training:\n  lr: 1\n  lr: 2\n", "x.yaml line 3: training.lr is set on line 2 already")]
    [InlineData("training: [\n", "not valid YAML")]
    [InlineData("- a\n", "x.yaml line 1: settings are sections")]
    [InlineData("preset: none\n", "x.yaml line 1: no preset 'none'; there are paper, paper-audiocaps, clotho, audiocaps, tiny")]
    [InlineData("a: 1\n---\nb: 2\n", "x.yaml line 2: a second YAML document")]
    [InlineData("a: &a [x, *a]\n", "x.yaml line 1: an anchor such as &name")]
    public void WrongFilesAreNamedWithTheirLine(string yaml, string message) =>
        Assert.Contains(message, Assert.Throws<OptionException>(() => SettingsLoader.Parse(yaml, "x.yaml")).Message);

    [Fact]
    public void AFileStartsFromItsPresetAndOverridesWin()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["mine.yaml"],
            "preset: tiny\nseed: 3\ntraining:\n  lr: 2e-3\n  epochs: 9\nmodel:\n  audio_channels: [4, 4, 4, 4, 4, 4]\n");
        var settings = SettingsLoader.Load(folder["mine.yaml"], ["training.epochs=11", "training.epochs=12"]);
        Assert.Equal((3, 2e-3, 12, Presets.Get("tiny").Training.BatchSize),
            (settings.Seed, settings.Training.LearningRate, settings.Training.Epochs, settings.Training.BatchSize));
        Assert.Equal([4, 4, 4, 4, 4, 4], settings.Model.AudioChannels);
        Assert.Null(SettingsLoader.Load(folder["mine.yaml"], ["model.audio_encoder=cnn6"]).Model.AudioChannels); // they were CNN14's
        Assert.Equal(16, Presets.Get("tiny").Training.Epochs); // the preset itself is untouched
        Assert.Throws<FileReadException>(() => SettingsLoader.Load(folder["none.yaml"], []));
        Assert.Contains("no preset 'big'", Assert.Throws<OptionException>(() => SettingsLoader.Load("big", [])).Message);
    }

    /// <summary>
    /// The from-scratch recipe that the benchmark against PyTorch uses, variant F (pre-trained text, fine-tuned) with S's sizes beside it.
    /// </summary>
    [Fact]
    public void TheSmallDataRecipeCanBeExpressed()
    {
        var settings = SettingsLoader.Load(null,
        [
            "model.audio_channels=[16,32,64,128,256,512]", "model.audio_head_width=512", "model.text_head_width=512",
            "model.embedding_dimension=256",
            "audio.padding=paper", "text.pooling=mean", "text.apostrophe_to_blank=true", "text.dropout=0.1",
            "text.hidden_width=128", "text.layers=2", "text.heads=2", "text.feed_forward_width=512",
            "augmentation.circular_shift=true", "data.captions=one-per-clip", "loss.positives=same-text", "loss.loss_scale=mean",
            "training.lr=1e-3", "training.schedule=cosine", "training.warmup_steps=100", "training.epochs=60",
            "training.text_encoder_rate=0.05", "training.freeze_text_encoder=true",
        ]);
        Assert.Equal(new LearningRateSchedule.WarmupCosine(100), settings.Training.LearningRateSchedule);
        Assert.Equal(new NtXentOptions(0.07, Positives.SameText, LossScale.Mean), settings.Loss.NtXent);
        Assert.Equal(CaptionSampling.OnePerClip, settings.Data.Captions);
        Assert.Equal("don t stop ", settings.Text.Normalizer.Apply("Don't stop!"));
        Assert.Equal(2.0, settings.Training.AdamOptions.MaxGradientNorm);
        Assert.Null(SettingsLoader.Load(null, ["training.gradient_clip=0"]).Training.AdamOptions.MaxGradientNorm);
    }

    /// <summary>Settings of runs that were begun when each encoder's channels had a key of their own.</summary>
    [Theory]
    [InlineData("cnn14", "[4, 4, 4, 4, 8, 8]")]
    [InlineData("resnet38", "[4, 4, 4, 4, 8, 16]")]
    [InlineData("cnn10", "[4, 4, 4, 8]")]
    [InlineData("cnn6", "null")]
    public void OlderFilesNameTheChannelsOfEachEncoderAndTheChosenOnesCount(string encoder, string channels)
    {
        string yaml = $"model:\n  audio_encoder: {encoder}\n  cnn14_widths: [4, 4, 4, 4, 8, 8]\n"
            + "  resnet38_widths: [4, 4, 4, 4, 8, 16]\n  cnn10_widths: [4, 4, 4, 8]\n";
        Assert.Equal(channels, Channels(SettingsLoader.Parse(yaml, "older")));

        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["older.yaml"], yaml.Replace($"encoder: {encoder}", "encoder: cnn14"));
        Assert.Equal(channels, Channels(SettingsLoader.Load(folder["older.yaml"], [$"model.audio_encoder={encoder}"])));
    }

    [Theory]
    [InlineData("", "[16, 16, 32, 32, 64, 64]")]
    [InlineData("model.audio_encoder=resnet38", "[16, 16, 16, 32, 64, 64]")]
    [InlineData("model.audio_encoder=cnn6", "null")]
    [InlineData("model.audio_encoder=cnn6 model.audio_channels=[1,2,3,4]", "[1, 2, 3, 4]")]
    [InlineData("model.audio_channels=[1,2,3,4] model.audio_encoder=cnn6", "[1, 2, 3, 4]")]
    [InlineData("model.audio_channels=null", "null")]
    [InlineData("model.cnn6_widths=[1,2,3,4]", "[16, 16, 32, 32, 64, 64]")]
    [InlineData("model.cnn6_widths=[1,2,3,4] model.audio_encoder=cnn6", "[1, 2, 3, 4]")]
    [InlineData("model.cnn14_widths=[1,2,3,4,5,6] model.audio_channels=[6,5,4,3,2,1]", "[6, 5, 4, 3, 2, 1]")]
    [InlineData("model.audio_channels=[6,5,4,3,2,1] model.cnn14_widths=[1,2,3,4,5,6]", "[1, 2, 3, 4, 5, 6]")]
    public void ChannelsBelongToTheEncoderThatTheyWereGivenWith(string entries, string channels) =>
        Assert.Equal(channels, Channels(SettingsLoader.Load("tiny", entries.Split(' ', StringSplitOptions.RemoveEmptyEntries))));

    static string Channels(TrainingSettings settings)
    {
        var definition = SettingsCatalogue.Find("model.audio_channels")!;
        return definition.Format(definition.Get(settings));
    }

    [Fact]
    public void SettingsMadeInCodeAreValidatedToo() =>
        Assert.Contains("training.lr = -1",
            Assert.Throws<OptionException>(() =>
                new TrainingSettings { Training = new OptimizationSettings { LearningRate = -1 } }.Validate()).Message);
}
