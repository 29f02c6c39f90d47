using NativeRetrieval.Core.Errors;
using NativeRetrieval.TestSupport;
using NativeRetrieval.WeightsConvert.Checkpoints;
using NativeRetrieval.WeightsConvert.Names;
using NativeRetrieval.WeightsConvert.Tests.Conversion;

namespace NativeRetrieval.WeightsConvert.Tests.Names;

public sealed class BareNamesTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("conv1.weight", "conv1.weight", "")]
    [InlineData("model.module._orig_mod.audio_enc.module.conv1.weight", "audio_enc.conv1.weight", "model module _orig_mod module")]
    [InlineData("net.ema_model.bn0._orig_mod.bias", "bn0.bias", "net ema_model _orig_mod")]
    [InlineData("audio_model.network1.weight", "audio_model.network1.weight", "")]
    [InlineData("module.model", "model", "module")]
    public void Words_of_training_programs_are_dropped_wherever_they_stand(string name, string bare, string words)
    {
        using var checkpoint = Open(new SyntheticCheckpoint().Add(name, 1));
        Assert.Equal(bare, Assert.Single(new BareNames(checkpoint, prefix: null).Tensors).Key);
        Assert.Equal(words, string.Join(' ', BareNames.WrappersOf(name)));
    }

    [Fact]
    public void A_model_whose_parts_are_wrapped_one_by_one_is_recognised_and_the_words_are_counted()
    {
        var checkpoint = SyntheticCheckpoint.PannsCnn14().Rename(name => "model._orig_mod." + name
            .Replace("conv_block3.", "conv_block3.module.", StringComparison.Ordinal)
            .Replace("bn2.", "_checkpoint_wrapped_module.bn2.", StringComparison.Ordinal));
        using var file = Open(checkpoint);
        var match = MapDetection.Find(file, null);
        // Norms have four tensors: bn0, and two a block beside two convolutions.
        Assert.Equal(("panns-cnn14", "model._orig_mod.", 4 + 6 * 10), (match.Map.Name, match.Root, match.Mapped.Count()));
        Assert.Equal([("_checkpoint_wrapped_module", 24), ("_orig_mod", 64), ("model", 64), ("module", 10)], match.Stripped);
        Assert.Empty(match.Unexpected);
    }

    [Theory]
    [InlineData("model.", "ema_model.module.", "model", "ema_model")]
    [InlineData("state_dict.model.", "state_dict.ema_model.", "state_dict.model", "state_dict.ema_model")]
    [InlineData("", "module.", "\"\"", "module")]
    [InlineData("net.", "net.module.", "net.module", null)]
    public void A_model_that_is_there_twice_is_refused_with_both_names_and_the_choice(string one, string other, string choice,
        string? second)
    {
        using var file = Open(Twice(one, other));
        string message = Assert.Throws<CorruptFileException>(() => MapDetection.Find(file, null)).Message;
        string both = "are both bn0.bias without the words of training programs; choose with --prefix ";
        string[] order = [$"{one}bn0.bias and {other}bn0.bias {both}", $"{other}bn0.bias and {one}bn0.bias {both}"];
        Assert.Contains(order, text => message.Contains(text, StringComparison.Ordinal));
        string[] choices = second is null ? [choice] : [$"{choice} or --prefix {second}", $"{second} or --prefix {choice}"];
        Assert.Contains(choices, text => message.EndsWith("choose with --prefix " + text, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("model", "model.", "ema_model.module.")]
    [InlineData("ema_model", "model.", "ema_model.module.")]
    [InlineData("ema_model.module.", "model.", "ema_model.module.")]
    [InlineData("", "", "module.")]
    [InlineData("module", "", "module.")]
    public void The_chosen_prefix_decides_which_copy_is_taken(string prefix, string one, string other)
    {
        using var file = Open(Twice(one, other));
        var match = MapDetection.Find(file, null, prefix);
        bool second = other.StartsWith(prefix, StringComparison.Ordinal) && prefix.Length > 0;
        Assert.Equal(second ? other : one, match.Root);
        Assert.All(match.Mapped, mapped => Assert.Equal((second ? other : one) + mapped.Name, mapped.Tensor.Name));
        Assert.Equal(68, match.Ignored.Count(ignored => ignored.Why.Contains("--prefix", StringComparison.Ordinal)));
    }

    [Fact]
    public void Copies_of_a_part_that_no_prefix_can_tell_apart_are_refused()
    {
        using var file = Open(new SyntheticCheckpoint().Add("audio_enc.conv.weight", 2).Add("audio_enc.module.conv.weight", 2));
        string message = Assert.Throws<CorruptFileException>(() => new BareNames(file, prefix: null)).Message;
        Assert.EndsWith("write the checkpoint anew with one of them", message);
    }

    [Fact]
    public void Training_state_may_have_the_same_bare_name_twice()
    {
        using var file = Open(SyntheticCheckpoint.PannsCnn14().Rename(name => "model." + name).Add("model.epoch", 1).Add("epoch", 1)
            .Add("n_averaged", 1));
        var ignored = MapDetection.Find(file, null).Ignored.Where(tensor => tensor.Why == "training state").Select(tensor => tensor.Name);
        Assert.Equal(["epoch", "model.epoch", "n_averaged"], ignored.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_prefix_that_no_name_has_is_refused_with_the_beginnings_that_there_are()
    {
        using var file = Open(Twice("model.", "ema_model."));
        string message = Assert.Throws<OptionException>(() => MapDetection.Find(file, null, "mod")).Message;
        Assert.Contains("--prefix mod: no tensor of", message);
        Assert.Contains("ema_model, model", message);
    }

    public void Dispose() => _folder.Dispose();

    CheckpointFile Open(SyntheticCheckpoint checkpoint) => CheckpointFile.Open(checkpoint.Write(_folder["checkpoint.safetensors"]));

    static SyntheticCheckpoint Twice(string one, string other)
    {
        var checkpoint = SyntheticCheckpoint.PannsCnn14();
        if (one.Length == 0) return checkpoint.Repeat(other);
        var copy = SyntheticCheckpoint.PannsCnn14().Rename(name => one + name);
        foreach (string name in checkpoint.Names) copy.Add(other + name, [.. checkpoint.ShapeOf(name)]);
        return copy;
    }
}
