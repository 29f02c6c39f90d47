using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.WeightsConvert.PyTorch;

/// <summary>Finds the storages of a checkpoint in its file.</summary>
interface IStorageLocator
{
    /// <param name="refuse">Turns a problem of the storage into an error that names the tensor.</param>
    /// <exception cref="CorruptFileException">The file has no such storage, or it has another size than the pickle says.</exception>
    StorageData Find(TorchStorage storage, Func<string, CorruptFileException> refuse);
}
