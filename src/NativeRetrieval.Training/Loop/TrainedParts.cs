using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Models;
using NativeRetrieval.Nn;
using NativeRetrieval.Nn.Optimizers;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Loop;

/// <summary>
/// The parts of a model that are trained, and from which epoch. Frozen parts have no gradient, run without dropout and with stored
/// statistics, and below the first trained part nothing is kept for a backward pass.
/// </summary>
internal sealed class TrainedParts
{
    readonly RetrievalModel _model;
    readonly Side _audio, _text;
    readonly OptimizationSettings _options;

    /// <exception cref="OptionException">More stages are to be frozen than there are.</exception>
    public TrainedParts(RetrievalModel model, OptimizationSettings options)
    {
        (_model, _options) = (model, options);
        _audio = new Side("audio_enc.", model.AudioEncoder,
            Frozen("audio", model.AudioEncoder, model.AudioEncoder.Stages, options.FreezeAudioEncoder, options.FreezeAudioStages),
            options.UnfreezeAudioEpoch, options.AudioEncoderRate);
        _text = new Side("text_enc.", model.TextEncoder,
            Frozen("text", model.TextEncoder, model.TextEncoder.Stages, options.FreezeTextEncoder, options.FreezeTextStages),
            options.UnfreezeTextEpoch, options.TextEncoderRate);
        Begin(0);
    }

    /// <summary>Freezes and unfreezes for an epoch, from 0.</summary>
    /// <returns>True where other parts are trained than before.</returns>
    public bool Begin(int epoch)
    {
        bool[] before = Trained();
        foreach (var side in (Side[])[_audio, _text]) side.Begin(epoch);
        return !before.SequenceEqual(Trained());

        bool[] Trained() => [.. _model.Parameters().Select(item => item.Tensor.RequiresGradient)];
    }

    /// <summary>Everything that is ever trained, with its rate and its first step.</summary>
    public IEnumerable<ParameterGroup> Groups(long stepsPerEpoch) =>
        ((ParameterGroup[])[.. _audio.Groups(stepsPerEpoch), .. _text.Groups(stepsPerEpoch),
            new([.. _model.HeadParameters()], _options.HeadRate)]).SelectMany(WithoutDecay);

    /// <summary>A group as it is, or with its norms and biases apart where these do not decay.</summary>
    IEnumerable<ParameterGroup> WithoutDecay(ParameterGroup group)
    {
        if (!_options.SparesNormsAndBiases) return [group];
        return group.Parameters.GroupBy(item => IsNormOrBias(item.Name, item.Tensor))
            .Select(part => group with { Parameters = [.. part], Decays = !part.Key });
    }

    /// <summary>True for vectors, which are scales, shifts and biases, and for tables of biases.</summary>
    static bool IsNormOrBias(string name, Tensor tensor) =>
        tensor.Shape.Sizes.Length < 2 || name.EndsWith("bias_table", StringComparison.Ordinal);

    /// <summary>Parameters and buffers that training may change: all but those of an encoder that stays frozen.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> State() =>
        _model.State().Where(item => !_audio.StaysFrozen(item.Name) && !_text.StaysFrozen(item.Name));

    static IReadOnlyList<Module> Frozen(string side, Module encoder, IReadOnlyList<Module> stages, bool whole, int count)
    {
        if (whole) return [encoder];
        if (count >= stages.Count)
            throw new OptionException($"training.freeze_{side}_stages = {count}, but this model's {side} encoder has {stages.Count}; "
                + $"to train none of them set training.freeze_{side}_encoder=true");
        return [.. stages.Take(count)];
    }

    /// <param name="Frozen">The encoder, or parts of it.</param>
    /// <param name="UnfreezeEpoch">Epoch from which all is trained, from 0; 0 is never.</param>
    sealed record Side(string Name, Module Encoder, IReadOnlyList<Module> Frozen, int UnfreezeEpoch, double Rate)
    {
        public void Begin(int epoch)
        {
            Encoder.SetTrainable(true);
            if (UnfreezeEpoch > 0 && epoch >= UnfreezeEpoch) return;
            foreach (var part in Frozen) part.SetTrainable(false);
        }

        public IEnumerable<ParameterGroup> Groups(long stepsPerEpoch)
        {
            var frozen = Frozen.SelectMany(part => part.Parameters()).Select(item => item.Tensor).ToHashSet();
            foreach (var later in Encoder.Parameters(Name).GroupBy(item => frozen.Contains(item.Tensor)))
                if (!later.Key) yield return new ParameterGroup([.. later], Rate);
                else if (UnfreezeEpoch > 0) yield return new ParameterGroup([.. later], Rate, UnfreezeEpoch * stepsPerEpoch);
        }

        public bool StaysFrozen(string name) =>
            UnfreezeEpoch == 0 && Frozen.Contains(Encoder) && name.StartsWith(Name, StringComparison.Ordinal);
    }
}
