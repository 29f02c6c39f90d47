using NativeRetrieval.Core.Ops;

namespace NativeRetrieval.Core.Cpu;

/// <summary>The pure C# backend: the embedded default and the reference of every CUDA kernel.</summary>
internal sealed partial class CpuBackend : IBackend;
