using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Nn.Optimizers;
using NativeRetrieval.Nn.Schedules;
using NativeRetrieval.TestModels;
using NativeRetrieval.Training.Loop;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Tests.Loop;

/// <summary>The cosine's beginning, and the parameters that weight decay reaches.</summary>
public sealed class OptimizerRulesTests
{
    /// <summary>Four steps of warm-up, then a cosine over eight: 1, cos² of 1/16, 2/16 … of π.</summary>
    [Fact]
    public void The_cosine_begins_where_the_warm_up_ends()
    {
        var schedule = Settings("training.schedule=cosine", "training.warmup_steps=4").LearningRateSchedule;
        double[] expected = [0.25, 0.5, 0.75, 1, 1, 0.9619397662556434, 0.8535533905932737, 0.6913417161825449, 0.5, 0.3086582838174551,
            0.14644660940672627, 0.03806023374435663, 0];
        for (int step = 0; step < expected.Length; step++) Assert.Equal(expected[step], schedule.Factor(step, 3, 12), 1e-15);
        Assert.Equal(1, new LearningRateSchedule.WarmupCosine(0).Factor(0, 3, 12));
        Assert.Equal(1, new LearningRateSchedule.WarmupCosine(12).Factor(11, 3, 12), 1e-15); // no step is left to fall
    }

    /// <summary>The form of earlier runs: the cosine over all twelve steps, times the warm-up.</summary>
    [Fact]
    public void The_cosine_may_begin_at_the_first_step()
    {
        var schedule = Settings("training.schedule=cosine", "training.warmup_steps=4", "training.cosine_from=first-step")
            .LearningRateSchedule;
        for (int step = 0; step <= 12; step++)
            Assert.Equal(Math.Min(1, (step + 1) / 4.0) * Math.Pow(Math.Cos(Math.PI * step / 24), 2), schedule.Factor(step, 3, 12), 1e-15);
    }

    [Fact]
    public void A_group_that_does_not_decay_keeps_its_values_where_the_gradient_is_zero()
    {
        var (weight, bias) = (Tensor.From([2f, 2f], [2], CpuDevice.Shared), Tensor.From([2f, 2f], [2], CpuDevice.Shared));
        foreach (var tensor in (Tensor[])[weight, bias])
        {
            tensor.RequiresGradient = true;
            tensor.Gradient = Tensor.ZerosLike(tensor);
        }
        using var adam = new AdamOptimizer([new([("weight", weight)]), new([("bias", bias)], Decays: false)],
            new AdamOptions(WeightDecay: 0.1, Decoupled: true));
        adam.Step(0.5);
        Assert.Equal([1.9f, 1.9f], weight.ToArray<float>());
        Assert.Equal([2f, 2f], bias.ToArray<float>());
    }

    [Fact]
    public void Norms_and_biases_are_left_out_of_AdamWs_decay_unless_asked_for()
    {
        string[] adamW = ["training.optimizer=adamw", "training.weight_decay=0.01"];
        var groups = Groups(adamW);
        var spared = groups.Where(group => !group.Decays).SelectMany(group => group.Parameters).Select(item => item.Name).ToHashSet();
        var decaying = groups.Where(group => group.Decays).SelectMany(group => group.Parameters).Select(item => item.Name).ToHashSet();
        Assert.All(spared, name => Assert.Matches(@"\.bias$|(?i:bn\d|norm)\.weight$|bias_table$", name));
        Assert.All(decaying, name => Assert.DoesNotMatch(@"\.bias$|(?i:bn\d|norm)\.weight$|bias_table$", name));
        Assert.Superset(new HashSet<string>(
            ["audio_enc.bn0.weight", "audio_enc.conv_block1.bn1.bias", "text_enc.embeddings.LayerNorm.weight"]), spared);
        Assert.Contains("audio_enc.conv_block1.conv1.weight", decaying);

        Assert.All(Groups([.. adamW, "training.decay_norms_and_biases=true"]), group => Assert.True(group.Decays));
        Assert.All(Groups(["training.weight_decay=0.01"]), group => Assert.True(group.Decays)); // Adam's is a part of the gradient
        Assert.Equal(groups.Sum(group => group.Parameters.Count), Groups([]).Sum(group => group.Parameters.Count));
    }

    static OptimizationSettings Settings(params string[] overrides) => SettingsLoader.Load(null, overrides).Training;

    static List<ParameterGroup> Groups(string[] overrides)
    {
        using var model = TinyModel.Create();
        return [.. new TrainedParts(model, Settings(overrides)).Groups(stepsPerEpoch: 3)];
    }
}
