using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Training.Settings;

/// <summary>
/// Everything that decides what a training run does, besides its data and initial weights. The defaults are the report's recipe with
/// own-length padding.
/// </summary>
public sealed record TrainingSettings
{
    /// <summary>Seed of all randomness.</summary>
    [Setting("seed of all randomness", Min = 0, Max = long.MaxValue)]
    public long Seed { get; init; }

    /// <summary>Section <c>model</c>.</summary>
    public ModelSettings Model { get; init; } = new();

    /// <summary>Section <c>audio</c>.</summary>
    public AudioSettings Audio { get; init; } = new();

    /// <summary>Section <c>text</c>.</summary>
    public TextSettings Text { get; init; } = new();

    /// <summary>Section <c>augmentation</c>.</summary>
    public AugmentationSettings Augmentation { get; init; } = new();

    /// <summary>Section <c>training</c>.</summary>
    public OptimizationSettings Training { get; init; } = new();

    /// <summary>Section <c>loss</c>.</summary>
    public LossSettings Loss { get; init; } = new();

    /// <summary>Section <c>data</c>.</summary>
    public DataSettings Data { get; init; } = new();

    /// <exception cref="OptionException">A setting is outside its range, or two contradict each other; the message names them.</exception>
    public void Validate()
    {
        foreach (var definition in SettingsCatalogue.All) definition.Validate(definition.Get(this));
        ModelSettings.ValidateChannels(Model.AudioEncoder, Model.AudioChannels);
        if (Text.HiddenWidth % Text.Heads != 0)
            throw new OptionException($"text.hidden_width = {Text.HiddenWidth} must be a multiple of text.heads = {Text.Heads}");
        if (Training.WarmupSteps > 0 && Training.Schedule != ScheduleKind.Cosine)
            throw new OptionException($"training.warmup_steps = {Training.WarmupSteps} needs training.schedule=cosine");
        bool heads = Training.HeadRate > 0 && (Model.AudioHeadWidth > 0 || Model.TextHeadWidth > 0);
        if (Training.FreezeAudioEncoder && Training.FreezeTextEncoder && !heads)
            throw new OptionException("nothing is trained: both encoders are frozen, and training.head_rate is 0 or there are no heads "
                + "(model.audio_head_width, model.text_head_width)");
        ValidateFreezing("audio", Training.FreezeAudioEncoder, Training.FreezeAudioStages, Training.UnfreezeAudioEpoch);
        ValidateFreezing("text", Training.FreezeTextEncoder, Training.FreezeTextStages, Training.UnfreezeTextEpoch);
    }

    void ValidateFreezing(string side, bool whole, int stages, int unfreezeEpoch)
    {
        if (whole && stages > 0)
            throw new OptionException($"training.freeze_{side}_stages = {stages} says nothing beside "
                + $"training.freeze_{side}_encoder = true; leave out one of them");
        if (unfreezeEpoch > 0 && !whole && stages == 0)
            throw new OptionException($"training.unfreeze_{side}_epoch = {unfreezeEpoch} unfreezes nothing; "
                + $"set training.freeze_{side}_encoder or training.freeze_{side}_stages");
        if (unfreezeEpoch >= Training.Epochs)
            throw new OptionException($"training.unfreeze_{side}_epoch = {unfreezeEpoch} is never reached: "
                + $"training.epochs = {Training.Epochs} are numbered from 0; 0 says never");
    }

    /// <summary>A copy that shares no section with this one.</summary>
    internal TrainingSettings DeepCopy() => this with
    {
        Model = Model with { },
        Audio = Audio with { },
        Text = Text with { },
        Augmentation = Augmentation with { },
        Training = Training with { },
        Loss = Loss with { },
        Data = Data with { },
    };
}
