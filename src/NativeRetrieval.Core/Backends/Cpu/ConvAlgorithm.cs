namespace NativeRetrieval.Core.Backends.Cpu;

/// <summary>How a convolution is computed, and with it how its weights are packed.</summary>
internal enum ConvAlgorithm { Direct, Winograd2, Winograd4 }
