namespace NativeRetrieval.Core.Ops;

/// <summary>
/// Operations on tensors, each in a file of its own: it checks its arguments, has the device compute, and records its gradient where a tape
/// follows. A result lies on the device of its inputs and belongs to the innermost <see cref="Tensors.TensorScope"/>.
/// </summary>
public static partial class Op;

/// <summary>
/// The computations of a device: one slice beside each op, implemented under the same stem in <c>Cpu</c> and in the CUDA assembly.
/// Arguments were checked by the op; outputs are allocated by it and are uninitialised unless the slice says otherwise.
/// </summary>
internal partial interface IBackend;
