using NativeRetrieval.WeightsConvert.Pickle;

namespace NativeRetrieval.WeightsConvert.PyTorch;

/// <summary>The functions by which a PyTorch pickle describes tensors.</summary>
static class TorchRebuild
{
    /// <returns>A tensor, or null where the function is none of these.</returns>
    public static object? Call(PickleGlobal function, PickleList arguments) => function.Name switch
    {
        // (storage, offset, size, stride[, requires_grad, backward_hooks[, metadata]])
        "_rebuild_tensor" or "_rebuild_tensor_v2" => View(arguments, null),
        // (storage, offset, size, stride, requires_grad, backward_hooks, dtype[, metadata])
        "_rebuild_tensor_v3" => View(arguments, DTypeOf(arguments, 6)),
        // (data, requires_grad, backward_hooks[, state])
        "_rebuild_parameter" or "_rebuild_parameter_with_state" or "Parameter" =>
            arguments.Count > 0 && arguments[0] is ITensorValue data ? data : throw new PickleError("a parameter without a tensor"),
        // (function, type, arguments, state): a subclass of Tensor, or one with attributes
        "_rebuild_from_type_v2" =>
            arguments.Count >= 3 && arguments[0] is PickleGlobal { Module: "torch._utils" } inner && arguments[2] is PickleList rest
                && inner.Name != function.Name
            ? Call(inner, rest)
            : throw new PickleError("a tensor whose function is not known"),
        "_rebuild_qtensor" => new SkippedTensor("quantised"),
        "_rebuild_sparse_tensor" or "_rebuild_sparse_csr_tensor" => new SkippedTensor("sparse"),
        "_rebuild_nested_tensor" => new SkippedTensor("nested"),
        "_rebuild_meta_tensor_no_storage" => new SkippedTensor("without values"),
        "_rebuild_device_tensor_from_numpy" or "_rebuild_device_tensor_from_cpu_tensor" or "_rebuild_wrapper_subclass" =>
            new SkippedTensor("of a device or class that is not known"),
        _ => null,
    };

    static object View(PickleList arguments, StorageType? dtype)
    {
        if (arguments.Count < 4 || arguments[0] is not TorchStorage storage || arguments[2] is not PickleList sizes
            || arguments[3] is not PickleList strides)
            throw new PickleError("a tensor without storage, offset, size or stride");
        var type = dtype ?? storage.Type;
        return type.DType is null
            ? new SkippedTensor($"of type {type.Name}")
            : new TorchTensor(storage, type, arguments[1], sizes, strides);
    }

    static StorageType DTypeOf(PickleList arguments, int index) =>
        arguments.Count > index && arguments[index] is PickleGlobal dtype
            ? StorageType.OfDType(dtype)
            : throw new PickleError("a tensor without its element type");
}
