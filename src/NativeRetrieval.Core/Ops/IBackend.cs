namespace NativeRetrieval.Core.Ops;

/// <summary>
/// What a device computes: one slice beside each op in <c>Ops/</c>, implemented under <c>Cpu</c> and in the CUDA assembly.
/// Arguments were checked by the op; outputs are allocated by it and are uninitialised unless the slice says otherwise.
/// </summary>
internal partial interface IBackend;
