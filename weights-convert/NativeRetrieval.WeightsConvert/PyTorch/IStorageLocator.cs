using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.WeightsConvert.PyTorch;

/// <summary>Knows where the storages of a checkpoint lie in its file.</summary>
interface IStorageLocator
{
    /// <param name="refuse">Makes an error that names the tensor, of what is wrong with its storage.</param>
    /// <exception cref="CorruptFileException">The file has no such storage, or it has another size than the pickle says.</exception>
    StorageData Find(TorchStorage storage, Func<string, CorruptFileException> refuse);
}
