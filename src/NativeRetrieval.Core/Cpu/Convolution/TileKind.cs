namespace NativeRetrieval.Core.Cpu.Convolution;

/// <summary>Which instructions compute a register tile.</summary>
internal enum TileKind { Portable, Avx2, Avx512 }
