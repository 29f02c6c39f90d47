namespace NativeRetrieval.Training.Settings;

/// <summary>Update rules.</summary>
public enum OptimizerKind
{
    /// <summary>Adam; weight decay, if any, is added to the gradient.</summary>
    Adam,

    /// <summary>Adam with decoupled weight decay (Loshchilov and Hutter 2019).</summary>
    [SettingName("adamw")]
    AdamW,
}
