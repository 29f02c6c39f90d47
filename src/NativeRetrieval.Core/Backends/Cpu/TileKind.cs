namespace NativeRetrieval.Core.Backends.Cpu;

/// <summary>Which instructions compute a register tile.</summary>
internal enum TileKind { Portable, Avx2, Avx512 }
