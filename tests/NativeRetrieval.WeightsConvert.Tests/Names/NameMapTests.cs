using NativeRetrieval.Core.Errors;
using NativeRetrieval.TestSupport;
using NativeRetrieval.WeightsConvert.Checkpoints;
using NativeRetrieval.WeightsConvert.Names;
using NativeRetrieval.WeightsConvert.Tests.Conversion;

namespace NativeRetrieval.WeightsConvert.Tests.Names;

public sealed class NameMapTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    [Fact]
    public void Every_map_has_a_line_about_it_and_a_name_of_its_own()
    {
        Assert.All(NameMaps.All, map => Assert.NotEmpty(map.About));
        Assert.Equal(NameMaps.All.Count, NameMaps.All.Select(map => map.Name).Distinct().Count());
    }

    [Fact]
    public void Sizes_follow_from_shapes()
    {
        var cnn = Match(SyntheticCheckpoint.PannsCnn14(), match => match.Parts[0].Match.Sizes);
        Assert.Equal([2, 3, 4, 5, 4, 6], Enumerable.Range(1, 6).Select(i => (int)cnn[$"channels{i}"]));
        Assert.Equal(64, cnn["mel_bins"]);
        var bert = Match(SyntheticCheckpoint.Bert(), match => match.Parts[0].Match.Sizes);
        Assert.Equal((12, 64, 2, 7, 16, 2),
            (bert["vocabulary"], bert["width"], bert["layer"], bert["hidden"], bert["positions"], bert["segments"]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("module.")]
    [InlineData("model.")]
    [InlineData("model.module.")]
    [InlineData("state_dict.")]
    [InlineData("net.")]
    [InlineData("_orig_mod.")]
    [InlineData("ema_model.module.")]
    [InlineData("_orig_mod.module.net.model.")]
    [InlineData("module._orig_mod.model.ema_model.")]
    public void Names_may_stand_behind_what_programs_put_before_them(string root) =>
        Assert.Equal(root, Match(SyntheticCheckpoint.PannsCnn14().Rename(name => root + name), match => match.Root));

    [Theory]
    [InlineData("audio_enc.")]
    [InlineData("teacher.")]
    public void Names_behind_anything_else_are_of_another_form(string root) =>
        Assert.Contains("of none of the forms", Refused(SyntheticCheckpoint.PannsCnn14().Rename(name => root + name)));

    [Fact]
    public void Older_names_and_heads_of_BERT_are_understood()
    {
        var checkpoint = SyntheticCheckpoint.Bert()
            .Rename(name => "bert." + name.Replace("LayerNorm.weight", "LayerNorm.gamma").Replace("LayerNorm.bias", "LayerNorm.beta"))
            .AddPositions("bert.embeddings.position_ids", 16).Add("bert.pooler.dense.weight", 8, 8).Add("cls.predictions.bias", 12);
        Match(checkpoint, match =>
        {
            Assert.Equal(["bert.pooler.dense.weight", "cls.predictions.bias"],
                match.Ignored.Select(ignored => ignored.Name).Order(StringComparer.Ordinal));
            Assert.Contains("encoder.layer.1.output.LayerNorm.weight", match.Mapped.Select(mapped => mapped.Name));
            return true;
        });
    }

    [Fact]
    public void A_second_copy_in_the_training_state_is_left_aside() =>
        Assert.Equal("model.",
            Match(SyntheticCheckpoint.PannsCnn14().Rename(name => "model." + name).Repeat("optimizer."), match => match.Root));

    [Fact]
    public void A_missing_tensor_is_named_with_the_closest_form()
    {
        string message = Refused(SyntheticCheckpoint.PannsCnn14().Rename(name => "module." + name).Remove("module.conv_block6.bn2.bias"));
        Assert.Contains("closest is panns-cnn14: 1 tensor is missing: module.conv_block6.bn2.bias", message);
    }

    [Fact]
    public void An_unexpected_tensor_is_named() =>
        Assert.Contains("1 tensor is without a place: conv_block7.conv1.weight",
            Refused(SyntheticCheckpoint.PannsCnn14().Add("conv_block7.conv1.weight", 2, 6, 3, 3)));

    [Fact]
    public void A_contradiction_between_shapes_is_named() =>
        Assert.Contains("conv_block3.conv1.weight [4, 9, 3, 3] instead of [4, 3, 3, 3]",
            Refused(SyntheticCheckpoint.PannsCnn14().Add("conv_block3.conv1.weight", 4, 9, 3, 3)));

    [Fact]
    public void A_layer_that_lacks_a_tensor_is_not_the_end_of_the_model() =>
        Assert.Contains("encoder.layer.1.output.dense.bias",
            Refused(SyntheticCheckpoint.Bert().Remove("encoder.layer.1.output.dense.bias")));

    [Fact]
    public void The_classifier_tells_the_forms_of_CNN14_apart()
    {
        Assert.Equal("panns-cnn14", Match(SyntheticCheckpoint.PannsCnn14(), match => match.Map.Name));
        Assert.Equal("encoder-cnn14",
            Match(SyntheticCheckpoint.PannsCnn14().Remove("fc_audioset.weight").Remove("fc_audioset.bias"), match => match.Map.Name));
    }

    [Theory]
    [InlineData("cnn10", 4, 3, true)]
    [InlineData("cnn6", 4, 5, false)]
    public void Smaller_networks_of_PANNs_are_told_from_CNN14(string architecture, int blocks, int kernel, bool two)
    {
        var checkpoint = AddNorm(new SyntheticCheckpoint(), "bn0", 64);
        for (int i = 1; i <= blocks; i++)
        {
            AddNorm(checkpoint.Add($"conv_block{i}.conv1.weight", i + 2, i == 1 ? 1 : i + 1, kernel, kernel), $"conv_block{i}.bn1", i + 2);
            if (two) AddNorm(checkpoint.Add($"conv_block{i}.conv2.weight", i + 2, i + 2, kernel, kernel), $"conv_block{i}.bn2", i + 2);
        }
        Assert.Equal($"encoder-{architecture}", Match(checkpoint, match => match.Map.Name));
        checkpoint.Add("fc1.weight", 6, 6).Add("fc1.bias", 6).Add("fc_audioset.weight", 9, 6).Add("fc_audioset.bias", 9);
        Assert.Equal([3, 4, 5, 6], Match(checkpoint, match =>
        {
            Assert.Equal($"panns-{architecture}", match.Map.Name);
            return match.Parts[0].Part.Architecture.Widths.Select(match.Parts[0].Match.Size).ToList();
        }));

        static SyntheticCheckpoint AddNorm(SyntheticCheckpoint checkpoint, string name, int channels) =>
            checkpoint.Add($"{name}.weight", channels).Add($"{name}.bias", channels).Add($"{name}.running_mean", channels)
                .Add($"{name}.running_var", channels);
    }

    [Fact]
    public void ResNet38_is_recognised_with_its_widths()
    {
        const string Name = "fixtures/resnet38-encoder/resnet38_small.pth";
        if (Fixtures.Shared(Name) is not { } path)
        {
            Assert.Skip(Fixtures.WhyAbsent(Name));
            return;
        }
        using var checkpoint = CheckpointFile.Open(path);
        var match = MapDetection.Find(checkpoint, null);
        Assert.Equal(("encoder-resnet38", "model.", 199), (match.Map.Name, match.Root, match.Mapped.Count()));
        Assert.Equal([8, 8, 16, 32, 64, 256], match.Parts[0].Part.Architecture.Widths.Select(match.Parts[0].Match.Size));
    }

    [Fact]
    public void A_forced_map_that_does_not_fit_says_why()
    {
        using var checkpoint = Open(SyntheticCheckpoint.PannsCnn14());
        Assert.Contains("does not follow bert",
            Assert.Throws<CorruptFileException>(() => MapDetection.Find(checkpoint, NameMaps.Find("bert"))).Message);
        Assert.Contains("conv_block2.conv1.weight",
            Assert.Throws<CorruptFileException>(() => MapDetection.Find(checkpoint, NameMaps.Find("panns-cnn6"))).Message);
        Assert.Equal("encoder-cnn14", MapDetection.Find(checkpoint, NameMaps.Find("encoder-cnn14")).Map.Name);
        Assert.Contains("panns-cnn14", Assert.Throws<OptionException>(() => NameMaps.Find("cnn")).Message);
    }

    [Theory]
    [InlineData("*num_batches_tracked", "bn0.num_batches_tracked", true)]
    [InlineData("fc1.*", "fc1.weight", true)]
    [InlineData("fc1.*", "fc11.weight", false)]
    [InlineData("a*b*c", "abc", true)]
    [InlineData("a*b*c", "axxbyyc", true)]
    [InlineData("a*b*c", "acb", false)]
    [InlineData("ab*bc", "abc", false)]
    [InlineData("epoch", "epoch", true)]
    [InlineData("epoch", "epochs", false)]
    public void Patterns(string pattern, string name, bool matches) => Assert.Equal(matches, new IgnoreRule(pattern, "").Matches(name));

    [Theory]
    [InlineData("a{i}.(x|y).(b|c){i-1}", "a3.x.b2 a3.x.c2 a3.y.b2 a3.y.c2")]
    [InlineData("plain", "plain")]
    public void Templates(string template, string names) =>
        Assert.Equal(names, string.Join(' ',
            NameTemplate.Alternatives(NameTemplate.Fill(template, new Dictionary<string, int> { ["i"] = 3 }))));

    public void Dispose() => _folder.Dispose();

    CheckpointFile Open(SyntheticCheckpoint checkpoint) => CheckpointFile.Open(checkpoint.Write(_folder["checkpoint.safetensors"]));

    T Match<T>(SyntheticCheckpoint checkpoint, Func<MapMatch, T> look)
    {
        using var file = Open(checkpoint);
        return look(MapDetection.Find(file, null));
    }

    string Refused(SyntheticCheckpoint checkpoint)
    {
        using var file = Open(checkpoint);
        return Assert.Throws<CorruptFileException>(() => MapDetection.Find(file, null)).Message;
    }
}
