using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.WeightsConvert.Checkpoints;
using NativeRetrieval.WeightsConvert.Pickle;

namespace NativeRetrieval.WeightsConvert.PyTorch;

/// <summary>Checks a pickle's description of a tensor against its storage and makes a readable tensor of it.</summary>
sealed class TensorLayout(string path, IStorageLocator storages)
{
    const int MaxRank = 32;

    /// <exception cref="CorruptFileException">The tensor does not fit into its storage; the message names both.</exception>
    public CheckpointTensor Place(string name, TorchTensor tensor)
    {
        var (sizes, strides, offset) = (Numbers(name, "size", tensor.Sizes), Numbers(name, "stride", tensor.Strides),
            Number(name, "offset", tensor.Offset));
        if (sizes.Length != strides.Length) throw Refuse(name, $"{sizes.Length} sizes and {strides.Length} strides");
        var dtype = tensor.Type.DType!.Value;
        int elementBytes = dtype.SizeBytes();
        try
        {
            return Place(name, tensor, dtype, elementBytes, sizes, strides, offset);
        }
        catch (OverflowException error)
        {
            throw new CorruptFileException(path, $"{Label(name)}: size [{string.Join(", ", sizes)}] is larger than any file", error);
        }
    }

    CheckpointTensor Place(string name, TorchTensor tensor, DType dtype, int elementBytes, long[] sizes, long[] strides, long offset)
    {
        long count = 1;
        foreach (long size in sizes) count = checked(count * size);
        long lengthBytes = checked(count * elementBytes);
        if (count == 0) return new CheckpointTensor(name, dtype, sizes, 0, new EmptyTensor());

        long last = 0;
        for (int axis = 0; axis < sizes.Length; axis++) last = checked(last + (sizes[axis] - 1) * strides[axis]);
        long start = checked((tensor.Storage.Start + offset) * elementBytes), extent = checked((last + 1) * elementBytes);
        long storageBytes = checked((tensor.Storage.Start + tensor.Storage.Count) * tensor.Storage.Type.SizeBytes);
        if (checked(start + extent) > storageBytes)
            throw Refuse(name, $"size [{string.Join(", ", sizes)}] with stride [{string.Join(", ", strides)}] from element {offset} "
                + $"reaches byte {start + extent} of storage '{PlainText.Short(tensor.Storage.Key)}', which has {storageBytes}");
        var storage = storages.Find(tensor.Storage, problem => Refuse(name, problem));

        if (IsContiguous(sizes, strides))
            return new CheckpointTensor(name, dtype, sizes, lengthBytes, new ContiguousTensor(name, storage, start, lengthBytes));
        if (extent > int.MaxValue)
            throw Refuse(name, $"its elements are spread over {extent} bytes; {int.MaxValue} are the most for a tensor that is not "
                + "contiguous");
        return new CheckpointTensor(name, dtype, sizes, lengthBytes,
            new StridedTensor(name, storage, start, (int)extent, sizes, strides, elementBytes));
    }

    static bool IsContiguous(long[] sizes, long[] strides)
    {
        long expected = 1;
        for (int axis = sizes.Length - 1; axis >= 0; axis--)
        {
            if (sizes[axis] != 1 && strides[axis] != expected) return false;
            expected *= sizes[axis];
        }
        return true;
    }

    long[] Numbers(string name, string what, PickleList values)
    {
        if (values.Count > MaxRank) throw Refuse(name, $"it has {values.Count} dimensions; {MaxRank} are the most");
        var numbers = new long[values.Count];
        for (int i = 0; i < numbers.Length; i++) numbers[i] = Number(name, what, values[i]);
        return numbers;
    }

    long Number(string name, string what, object value) =>
        value is long and >= 0 ? (long)value : throw Refuse(name, $"its {what} is not a number from 0 to 2^63-1");

    CorruptFileException Refuse(string name, string problem) => new(path, $"{Label(name)}: {problem}");

    /// <summary>The tensor in a message.</summary>
    public static string Label(string name) => $"tensor '{PlainText.Short(name)}'";

    sealed class EmptyTensor : TensorSource
    {
        public override void CopyTo(Stream destination, CancellationToken cancellation) { }
    }
}
