namespace NativeRetrieval.Core.Ops;

/// <summary>What a linear layer applies to its output where no tape needs the value before it.</summary>
public enum Activation : byte
{
    None,

    /// <summary>max(x, 0)</summary>
    Relu,

    /// <summary>x·Φ(x) with the exact normal distribution function, as in BERT.</summary>
    Gelu,
}
