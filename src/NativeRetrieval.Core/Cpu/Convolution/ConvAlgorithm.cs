namespace NativeRetrieval.Core.Cpu.Convolution;

/// <summary>How a convolution is computed, and with it how its weights are packed.</summary>
internal enum ConvAlgorithm
{
    Direct,
    /// <summary>Winograd F(4x4, 3x3).</summary>
    Winograd,
    /// <summary>F(2, 3) down and a pair of pixels across: maps at most two wide.</summary>
    WinogradPair,
}
